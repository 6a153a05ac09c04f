"""The page of the people who may come in, as an administrator uses it."""

from __future__ import annotations

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from core import invitations, people, sign_ins
from core.db import Database
from core.people import Account
from core.roles import Role
from core.sign_in_settings import SignIn
from pages.parts import person
from pages.parts.entry import open_settings
from pages.parts.person import visitor_name
from rag import conversations
from tests.pages.coming_in import signed_in
from tests.pages.conftest import Open, button, keyed, texts

PAGE = "pages/people.py"


@pytest.fixture(autouse=True)
def _as_administrator(db: Database, monkeypatch: pytest.MonkeyPatch, _page_settings: None) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")
    open_settings.clear()
    token = signed_in(db, Role.ADMINISTRATOR, "ada")
    monkeypatch.setattr(person, "token_here", lambda: token)


def known(db: Database, login: str) -> Account:
    return next(one for one in people.listing(db) if one.login == login)


def is_in(db: Database, token: str) -> bool:
    return sign_ins.person_of(db, token, SignIn.PASSWORD, now=time.time()) is not None


def link_of(app: AppTest) -> str:
    found = re.search(r"/door/invitation/(\S+)", app.code[0].value)
    assert found
    return found[1]


def test_somebody_is_invited_by_a_link_for_their_role(page: Open, db: Database) -> None:
    app = page(PAGE)
    app.selectbox(key="invited-role").select(Role.SHOPPER).run()
    button(app, "Make a link").click().run()
    assert "becomes a shopper" in texts(app)
    assert invitations.find(db, link_of(app), now=time.time()).role is Role.SHOPPER
    keyed(app, "link-done").click().run()
    assert not app.code


def test_a_lost_password_is_set_anew_by_a_link(page: Open, db: Database) -> None:
    signed_in(db, Role.MERCHANDISER, "ben")
    app = page(PAGE)
    keyed(app, f"password-{known(db, 'ben').id}").click().run()
    invitation = invitations.find(db, link_of(app), now=time.time())
    assert (invitation.login, invitation.role) == ("ben", Role.MERCHANDISER)
    # Where it was asked for, not at the top of a long page.
    assert texts(app).index(f"**{known(db, 'ben').name}**") < texts(app).index(
        "sets a new password"
    )


def test_a_role_is_changed_and_told(page: Open, db: Database) -> None:
    signed_in(db, Role.MERCHANDISER, "ben")
    app = page(PAGE)
    app.selectbox(key=f"role-{known(db, 'ben').id}").select(Role.ADMINISTRATOR).run()
    assert known(db, "ben").role is Role.ADMINISTRATOR


def test_somebody_is_shut_out_and_let_in_again(page: Open, db: Database) -> None:
    token = signed_in(db, Role.MERCHANDISER, "ben")
    app = page(PAGE)
    ben = known(db, "ben").id
    keyed(app, f"shut-{ben}").click().run()
    assert not is_in(db, token)
    assert "Shut out" in texts(app)
    keyed(app, f"open-{ben}").click().run()
    assert known(db, "ben").enabled


def test_somebody_is_signed_out_everywhere(page: Open, db: Database) -> None:
    token = signed_in(db, Role.MERCHANDISER, "ben")
    app = page(PAGE)
    keyed(app, f"out-{known(db, 'ben').id}").click().run()
    assert not is_in(db, token)
    assert known(db, "ben").enabled


def test_removing_somebody_is_asked_again_and_takes_their_conversations(
    page: Open, db: Database
) -> None:
    token = signed_in(db, Role.SHOPPER, "cleo")
    cleo = sign_ins.person_of(db, token, SignIn.PASSWORD, now=time.time())
    assert cleo
    conversations.create(db, visitor_name(cleo), "Where is my tent?")
    app = page(PAGE)
    keyed(app, f"remove-{cleo.id}").click().run()
    assert [one.login for one in people.listing(db)] == ["ada", "cleo"]
    keyed(app, "confirm-person").click().run()
    assert [one.login for one in people.listing(db)] == ["ada"]
    assert conversations.delete_all(db, visitor_name(cleo)) == 0


def test_nobody_can_do_that_to_themselves(page: Open, db: Database) -> None:
    app = page(PAGE)
    ada = known(db, "ada").id
    keys = {one.key for one in app.button}
    assert not keys & {f"shut-{ada}", f"remove-{ada}"}
    assert f"role-{ada}" not in {one.key for one in app.selectbox}
    assert "You" in texts(app)


def test_without_sign_in_the_page_says_how_to_switch_it_on(
    page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "off")
    open_settings.clear()
    app = page(PAGE)
    assert "SHOPKEEPER_SIGN_IN" in texts(app)
    assert not app.button
