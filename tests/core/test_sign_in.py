"""Coming in by password: who is let in, for how long, and how often it may be tried."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from core import invitations, passwords, people, sign_in, sign_ins
from core.db import Database
from core.errors import PeopleError, SignInError, SignInLater
from core.people import Person
from core.people_tables import invitations as invitation_table
from core.people_tables import people as people_table
from core.people_tables import sign_ins as sign_in_table
from core.roles import Role
from core.sign_in_settings import SignIn
from tests.conftest import on_both

PASSWORD = "correct horse battery"
HERE = "203.0.113.7"
NOW = 1_000_000.0
DAY_S = 86_400.0
#: As passwords are worked out for people, not for these tests.
FOR_PEOPLE = passwords._hasher


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work passwords out a thousand times faster than for people."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)
    nobodys = quick.hash("nobody's password")
    monkeypatch.setattr(passwords, "_nobodys", lambda: nobodys)


def come(db: Database, role: Role = Role.ADMINISTRATOR, login: str = "ada") -> str:
    """Somebody new by an invitation; returns the token of their sign-in."""
    link = invitations.invite(db, role, now=NOW)
    name = login.title()
    return invitations.accept(db, link, login=login, name=name, password=PASSWORD, now=NOW)


def whose(db: Database, token: str, *, now: float = NOW, way: SignIn = SignIn.PASSWORD) -> Person:
    """Who keeps a token; fails if nobody does."""
    person = sign_ins.person_of(db, token, way, now=now)
    assert person is not None
    return person


def is_in(db: Database, token: str, now: float = NOW) -> bool:
    return sign_ins.person_of(db, token, SignIn.PASSWORD, now=now) is not None


@on_both
def test_an_invited_person_signs_in_by_any_spelling_of_their_name(db: Database) -> None:
    come(db, Role.MERCHANDISER, "Ada@Shop.example")
    token = sign_in.with_password(db, " ADA@shop.EXAMPLE ", PASSWORD, HERE, now=NOW)
    person = whose(db, token)
    assert (person.name, person.role) == ("Ada@Shop.Example", Role.MERCHANDISER)


@on_both
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(db: Database) -> None:
    come(db)
    answers = []
    for login in ("ada", "nobody"):
        with pytest.raises(SignInError) as refused:
            sign_in.with_password(db, login, "wrong password", HERE, now=NOW)
        answers.append(refused.value.message)
    assert answers[0] == answers[1]


def test_a_password_is_worked_out_for_unknown_names_too(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(db)
    worked_out: list[str] = []
    verify = passwords._hasher().verify

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            worked_out.append(stored[:9])
            return verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Watched)
    for login in ("ada", "nobody"):
        with pytest.raises(SignInError):
            sign_in.with_password(db, login, "wrong password", HERE, now=NOW)
    assert worked_out == ["$argon2id", "$argon2id"]


@on_both
def test_neither_a_password_nor_what_opens_anything_is_stored(db: Database) -> None:
    link = invitations.invite(db, Role.SHOPPER, now=NOW)
    token = come(db)
    with db.read() as connection:
        stored = [
            repr(connection.execute(sa.select(table)).all())
            for table in (people_table, invitation_table, sign_in_table)
        ]
    assert not [one for one in stored for secret in (PASSWORD, link, token) if secret in one]


@on_both
def test_a_sign_in_ends_when_nobody_comes_back_and_at_last_in_any_case(db: Database) -> None:
    token = come(db)
    day = 0
    while day < 28:  # somebody who comes every second day
        day += 2
        assert is_in(db, token, NOW + day * DAY_S)
    assert not is_in(db, token, NOW + 30.1 * DAY_S)
    other = sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)
    assert is_in(db, other, NOW + 2.9 * DAY_S)
    idle = sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)
    assert not is_in(db, idle, NOW + 3.1 * DAY_S)


@on_both
def test_signing_out_ends_one_sign_in_or_all(db: Database) -> None:
    here = come(db)
    there, elsewhere = (sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW) for _ in range(2))
    sign_ins.end(db, here)
    assert (is_in(db, here), is_in(db, there)) == (False, True)
    sign_ins.end_everywhere(db, whose(db, there).id)
    assert not is_in(db, there) and not is_in(db, elsewhere)


@on_both
def test_whoever_is_shut_out_is_out_at_once_and_stays_so(db: Database) -> None:
    come(db)
    token = come(db, Role.MERCHANDISER, "ben")
    ben = whose(db, token).id
    people.set_enabled(db, ben, False)
    assert not is_in(db, token)
    with pytest.raises(SignInError):
        sign_in.with_password(db, "ben", PASSWORD, HERE, now=NOW)
    people.set_enabled(db, ben, True)
    assert not is_in(db, token), "the old sign-in must not come back to life"
    assert is_in(db, sign_in.with_password(db, "ben", PASSWORD, HERE, now=NOW))


@on_both
def test_another_role_holds_at_the_next_look(db: Database) -> None:
    token = come(db, Role.MERCHANDISER)
    people.set_role(db, whose(db, token).id, Role.SHOPPER)
    assert whose(db, token).role is Role.SHOPPER


@on_both
def test_the_last_administrator_can_be_neither_removed_nor_shut_out_nor_demoted(
    db: Database,
) -> None:
    ada = whose(db, come(db)).id
    come(db, Role.MERCHANDISER, "ben")
    with pytest.raises(PeopleError, match="only administrator"):
        people.remove(db, ada)
    with pytest.raises(PeopleError, match="only administrator"):
        people.set_enabled(db, ada, False)
    with pytest.raises(PeopleError, match="only administrator"):
        people.set_role(db, ada, Role.MERCHANDISER)
    cleo = whose(db, come(db, Role.ADMINISTRATOR, "cleo")).id
    people.set_enabled(db, ada, False)
    with pytest.raises(PeopleError):
        people.remove(db, cleo)
    people.remove(db, ada)
    assert [one.login for one in people.listing(db)] == ["ben", "cleo"]


@on_both
def test_typing_errors_make_one_wait_longer_and_longer(db: Database) -> None:
    come(db)
    for _ in range(5):
        with pytest.raises(SignInError) as refused:
            sign_in.with_password(db, "ada", "wrong password", HERE, now=NOW)
        assert not isinstance(refused.value, SignInLater)
    # Not even the right password is looked at now.
    with pytest.raises(SignInLater, match="2 seconds"):
        sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)
    now, waits = NOW, []
    for _ in range(12):
        with pytest.raises(SignInLater) as later:
            sign_in.with_password(db, "ada", PASSWORD, HERE, now=now)
        waits.append(later.value.wait_s)
        now += later.value.wait_s
        with pytest.raises(SignInError, match="do not belong together"):
            sign_in.with_password(db, "ada", "wrong password", HERE, now=now)
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == 900
    token = sign_in.with_password(db, "ada", PASSWORD, HERE, now=now + 900)
    assert is_in(db, token, now + 900)
    with pytest.raises(SignInError, match="do not belong together"):
        sign_in.with_password(db, "ada", "wrong password", HERE, now=now + 900)


@on_both
def test_somebody_elses_guesses_do_not_lock_a_person_out(db: Database) -> None:
    come(db)
    for _ in range(6):
        with pytest.raises(SignInError):
            sign_in.with_password(db, "ada", "wrong password", "198.51.100.1", now=NOW)
    assert is_in(db, sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW))


@on_both
def test_guesses_from_everywhere_and_guesses_at_everybody_are_slowed_down(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(db)
    monkeypatch.setattr(passwords, "matches", lambda stored, password: False)
    for number in range(50):
        with pytest.raises(SignInError):
            sign_in.with_password(db, "ada", "guess number", f"198.51.100.{number}", now=NOW)
    with pytest.raises(SignInLater):
        sign_in.with_password(db, "ada", "guess number", "198.51.100.99", now=NOW)
    for number in range(50):
        # One customer of a provider has all addresses of a network.
        with pytest.raises(SignInError):
            sign_in.with_password(db, f"name{number}", "guess", f"2001:db8::{number:x}", now=NOW)
    with pytest.raises(SignInLater):
        sign_in.with_password(db, "another", "guess", "2001:db8::ffff", now=NOW)
    with pytest.raises(SignInError, match="do not belong together"):
        sign_in.with_password(db, "another", "guess", "2001:db9::1", now=NOW)


@on_both
def test_an_old_sign_in_by_password_does_not_hold_where_a_provider_vouches_for_people(
    db: Database,
) -> None:
    token = come(db)
    assert sign_ins.person_of(db, token, SignIn.OIDC, now=NOW) is None


def test_a_password_that_was_stored_in_a_weaker_way_is_stored_anew(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(db)
    monkeypatch.setattr(passwords, "_hasher", FOR_PEOPLE)
    sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)
    with db.read() as connection:
        stored = connection.scalar(sa.select(people_table.c.password_hash))
    # 64 MB and three passes: RFC 9106's second recommendation.
    assert str(stored).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    sign_in.with_password(db, "ada", PASSWORD, HERE, now=NOW)


def test_a_token_that_nobody_has_opens_nothing(db: Database) -> None:
    come(db)
    for forged in ("", "x", "x" * 100_000, "\udcff\x00"):
        assert not is_in(db, forged)


@on_both
def test_many_guesses_at_the_same_moment_are_many(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    come(db)
    looked_at: list[str] = []

    def matches(stored: str | None, password: str) -> bool:
        looked_at.append(password)
        return False

    monkeypatch.setattr(passwords, "matches", matches)

    def guess(number: int) -> None:
        with pytest.raises(SignInError):
            sign_in.with_password(db, "ada", f"guess number {number}", HERE, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(30)))
    assert len(looked_at) == 5
