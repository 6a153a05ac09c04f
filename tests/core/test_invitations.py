"""Links that let somebody in once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core import invitations, passwords, people, sign_in, sign_ins
from core.db import Database
from core.errors import SignInError
from core.roles import Role
from tests.conftest import on_both
from tests.core.test_sign_in import DAY_S, HERE, NOW, PASSWORD, come, is_in, quick_passwords, whose

__all__ = ["quick_passwords"]  # a fixture that all tests here use


def use(db: Database, link: str, login: str = "ben", password: str = PASSWORD) -> str:
    return invitations.accept(db, link, login=login, name="Ben", password=password, now=NOW)


@on_both
def test_a_link_is_good_once(db: Database) -> None:
    link = invitations.invite(db, Role.MERCHANDISER, now=NOW)
    use(db, link)
    with pytest.raises(SignInError, match="not good any more"):
        use(db, link, "cleo")
    with pytest.raises(SignInError, match="not good any more"):
        invitations.find(db, link, now=NOW)


@on_both
def test_a_link_is_good_for_a_week(db: Database) -> None:
    link = invitations.invite(db, Role.MERCHANDISER, now=NOW)
    assert invitations.find(db, link, now=NOW + 6.9 * DAY_S).role is Role.MERCHANDISER
    with pytest.raises(SignInError, match="not good any more"):
        invitations.find(db, link, now=NOW + 7.1 * DAY_S)


@on_both
def test_a_made_up_link_is_good_for_nothing(db: Database) -> None:
    with pytest.raises(SignInError, match="not good any more"):
        use(db, "made-up")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "10 characters"),
        ("a" * 300, "at most"),
        ("a" * 200, "soon be guessed"),
        ("1234567890", "soon be guessed"),
        ("Passw0rd123!", "soon be guessed"),
        ("qwertyuiop", "soon be guessed"),
        ("Shopkeeper1", "soon be guessed"),
        ("Summer2026!", "soon be guessed"),
        ("Ada.Lovelace", "soon be guessed"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_stays_good(
    db: Database, password: str, problem: str
) -> None:
    link = invitations.invite(db, Role.MERCHANDISER, now=NOW)
    with pytest.raises(SignInError, match=problem):
        use(db, link, login="ada.lovelace@shop.example", password=password)
    use(db, link)


@on_both
def test_a_name_that_is_taken_is_refused_and_the_link_stays_good(db: Database) -> None:
    come(db, login="ada")
    link = invitations.invite(db, Role.MERCHANDISER, now=NOW)
    with pytest.raises(SignInError, match="already"):
        use(db, link, "ADA")
    assert whose(db, use(db, link, "ben")).role is Role.MERCHANDISER


@on_both
def test_a_new_password_ends_every_sign_in_with_the_old_one(db: Database) -> None:
    token = come(db)
    link = invitations.invite(db, Role.ADMINISTRATOR, person_id=whose(db, token).id, now=NOW)
    new = use(db, link, login="", password="another good password")
    assert not is_in(db, token)
    assert whose(db, new).name == "Ada"
    with pytest.raises(SignInError):
        sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)
    sign_in.with_password(db, "ada", "another good password", HERE, now=NOW)


@on_both
def test_a_link_for_a_password_is_void_when_there_is_a_newer_one_or_its_person_is_shut_out(
    db: Database,
) -> None:
    come(db)
    ben = whose(db, come(db, Role.MERCHANDISER, "ben")).id
    old, new = (invitations.invite(db, Role.MERCHANDISER, person_id=ben, now=NOW) for _ in range(2))
    with pytest.raises(SignInError):
        invitations.find(db, old, now=NOW)
    people.set_enabled(db, ben, False)
    with pytest.raises(SignInError):
        use(db, new, login="")


@on_both
def test_with_the_first_administrator_the_links_of_earlier_starts_are_void(db: Database) -> None:
    first, second = (invitations.invite(db, Role.ADMINISTRATOR, now=NOW) for _ in range(2))
    other = invitations.invite(db, Role.MERCHANDISER, now=NOW)
    assert not people.has_administrator(db)
    use(db, second)
    assert people.has_administrator(db)
    with pytest.raises(SignInError):
        use(db, first, "cleo")
    use(db, other, "cleo")
    third = invitations.invite(db, Role.ADMINISTRATOR, now=NOW)
    use(db, third, "dora")
    assert sum(one.role is Role.ADMINISTRATOR for one in people.listing(db)) == 2


@on_both
def test_removing_somebody_takes_their_sign_ins_and_links_along(db: Database) -> None:
    come(db)
    token = come(db, Role.MERCHANDISER, "ben")
    ben = whose(db, token).id
    link = invitations.invite(db, Role.MERCHANDISER, person_id=ben, now=NOW)
    people.remove(db, ben)
    assert not is_in(db, token)
    with pytest.raises(SignInError):
        use(db, link, login="")
    sign_ins.end_everywhere(db, ben)


@on_both
def test_a_link_that_many_open_at_once_lets_one_in(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: "-")
    link = invitations.invite(db, Role.MERCHANDISER, now=NOW)

    def come(number: int) -> bool:
        try:
            use(db, link, f"name{number}")
        except SignInError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(16))) == 1
    assert len(people.listing(db)) == 1


@on_both
def test_a_name_that_many_choose_at_once_becomes_one_persons(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda password: "-")
    links = [invitations.invite(db, Role.MERCHANDISER, now=NOW) for _ in range(8)]

    def come(link: str) -> str:
        try:
            use(db, link, "ben")
        except SignInError as error:
            return error.message
        return ""

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(come, links))
    assert said == ["", *[people.TAKEN] * 7]
