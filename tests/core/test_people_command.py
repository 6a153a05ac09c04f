"""The people from a shell, as somebody types it."""

from __future__ import annotations

import json
import re
import time

import pytest
from typer.testing import CliRunner

from core import invitations, people
from core.db import Database
from core.people_command import app
from core.roles import Role
from core.settings import Settings
from tests.core.test_sign_in import come, quick_passwords

__all__ = ["quick_passwords"]  # a fixture that all tests here use


@pytest.fixture(autouse=True)
def _by_password(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "password")


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words)
    return result.exit_code, result.stdout, result.stderr


def token_in(said: str) -> str:
    found = re.fullmatch(r"http://localhost:8501/door/invitation/(\S+)\n", said)
    assert found, said
    return found[1]


def test_whoever_is_locked_out_has_a_link_made(db: Database) -> None:
    code, said, _ = run("invite", "--role", "administrator")
    assert code == 0
    found = invitations.find(db, token_in(said), now=time.time())
    assert (found.role, found.person_id) == (Role.ADMINISTRATOR, "")


def test_a_link_for_somebody_who_is_known_sets_their_password_and_keeps_their_role(
    db: Database,
) -> None:
    come(db, Role.MERCHANDISER, "ben")
    _, said, _ = run("invite", "--login", "BEN", "--role", "administrator")
    found = invitations.find(db, token_in(said), now=time.time())
    assert (found.role, found.login) == (Role.MERCHANDISER, "ben")
    code, _, problem = run("invite", "--login", "nobody")
    assert code == 2 and "Nobody signs in as nobody" in problem


def test_people_are_listed_shut_out_and_let_in_again(db: Database) -> None:
    come(db)
    come(db, Role.MERCHANDISER, "ben")
    assert "ben" in run("list")[1]
    assert run("disable", "ben")[0] == 0
    (ada, ben) = json.loads(run("list", "--json")[1])
    assert (ada["login"], ben["enabled"]) == ("ada", False)
    assert "argon2" not in json.dumps([ada, ben])
    assert run("enable", "ben")[0] == 0
    assert all(one.enabled for one in people.listing(db))
    code, _, problem = run("disable", "ada")
    assert code == 2 and "only administrator" in problem


def test_where_no_password_is_asked_no_link_is_made(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "off")
    code, said, problem = run("invite")
    assert code == 2 and said == "" and "SHOPKEEPER_SIGN_IN" in problem
