"""The turnstile: how often, how long and how many at once, each at its edge."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from core.errors import LimitReached
from core.limits import UNLIMITED, JobLimits, Limits, limits_of
from core.roles import Role
from core.settings import load_settings
from core.turnstile import Turnstile, network


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time."""

    def set_time(now: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now)

    set_time(1_000.0)
    return set_time


def turnstile(**settings: object) -> Turnstile:
    return Turnstile(limits_of(load_settings(**settings)))


def ask(door: Turnstile, visitor: str = "anna", address: str | None = None) -> None:
    with door.question(visitor, address, 20):
        pass


def test_so_many_questions_a_minute_and_not_one_more(at: Callable[[float], None]) -> None:
    door = turnstile(questions_a_minute=3)
    for second in range(3):
        at(1_000.0 + second)
        ask(door)
    at(1_010.0)
    with pytest.raises(LimitReached, match=r"3 questions within a minute .* in 50 seconds") as told:
        ask(door)
    assert told.value.wait_s == pytest.approx(50.0)
    at(1_059.9)
    with pytest.raises(LimitReached, match="in 1 second\\."):
        ask(door)
    at(1_060.1)
    ask(door)
    with pytest.raises(LimitReached, match="in 1 second\\."):
        ask(door)
    ask(door, "bert")


def test_a_refused_question_does_not_make_the_wait_longer(at: Callable[[float], None]) -> None:
    door = turnstile(questions_a_minute=1)
    ask(door)
    for second in range(1, 60):
        at(1_000.0 + second)
        with pytest.raises(LimitReached):
            ask(door)
    at(1_060.1)
    ask(door)


def test_forged_visitors_of_one_address_are_stopped_by_the_address(
    at: Callable[[float], None],
) -> None:
    door = turnstile(questions_a_minute=2, address_questions_a_minute=5)
    for number in range(5):
        ask(door, f"visitor {number}", "203.0.113.9")
    with pytest.raises(LimitReached, match="from where you are: 5 within a minute"):
        ask(door, "visitor 5", "203.0.113.9")
    ask(door, "visitor 5", "203.0.113.10")


def test_one_visitor_who_is_refused_does_not_use_up_the_address(
    at: Callable[[float], None],
) -> None:
    door = turnstile(questions_a_minute=1, address_questions_a_minute=3)
    ask(door, "eager", "203.0.113.9")
    for _ in range(10):
        with pytest.raises(LimitReached, match="for one person"):
            ask(door, "eager", "203.0.113.9")
    ask(door, "bert", "203.0.113.9")


def test_where_the_address_is_not_known_only_visitors_are_counted(
    at: Callable[[float], None],
) -> None:
    door = turnstile(questions_a_minute=1, address_questions_a_minute=1)
    for number in range(10):
        ask(door, f"visitor {number}", None)


def test_a_whole_network_of_ipv6_is_one_address() -> None:
    assert network("2001:db8:1:2:aaaa::1") == network("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::"
    assert network("2001:db8:1:3::1") != network("2001:db8:1:2::1")
    assert network("203.0.113.9") == "203.0.113.9"
    assert network("testclient") == "testclient"


def test_the_longest_question_is_let_in_and_one_character_more_is_not() -> None:
    door = turnstile(question_chars=100)
    with door.question("anna", None, 100):
        pass
    with pytest.raises(LimitReached, match="has 101 characters, and 100 can be read"):
        door.question("anna", None, 101).__enter__()


def test_so_many_answers_at_once_for_one_visitor_however_many_tabs() -> None:
    door = turnstile(visitor_answers=2)
    with ExitStack() as tabs:
        for _ in range(2):
            tabs.enter_context(door.question("anna", None, 20))
        with pytest.raises(LimitReached, match="2 answers are still being written"):
            ask(door)
        ask(door, "bert")
    ask(door)


def test_however_many_visitors_are_forged_the_line_stays_bounded() -> None:
    door = turnstile(waiting=5)
    with ExitStack() as asking:
        let_in = 0
        with pytest.raises(LimitReached, match="Very many people ask at the same time"):
            for number in range(1_000):
                asking.enter_context(door.question(f"visitor {number}", None, 20))
                let_in += 1
        assert let_in == door.line.places + 5
        with pytest.raises(LimitReached):
            ask(door, "one more")
    ask(door, "one more")


def test_a_question_that_the_line_refuses_is_not_counted(at: Callable[[float], None]) -> None:
    door = turnstile(waiting=0, questions_a_minute=1)
    with ExitStack() as asking:
        for number in range(door.line.places):
            asking.enter_context(door.question(f"visitor {number}", None, 20))
        with pytest.raises(LimitReached, match="Very many people"):
            ask(door, "anna")
    ask(door, "anna")


def test_who_has_asked_nothing_for_a_minute_is_forgotten(at: Callable[[float], None]) -> None:
    door = turnstile()
    for number in range(100):
        ask(door, f"visitor {number}", "203.0.113.9")
    at(1_061.0)
    ask(door, "anna")
    assert len(door._rates) == 1


@pytest.mark.parametrize("role", [Role.SHOPPER, Role.MERCHANDISER])
def test_jobs_of_those_who_do_not_answer_for_the_shop_are_limited(role: Role) -> None:
    limits: Limits = limits_of(load_settings(job_rows=1000, job_budget=5.0))
    assert limits.of_jobs(role) == JobLimits(1000, 5.0)
    assert limits.of_jobs(Role.ADMINISTRATOR) == UNLIMITED
    assert limits_of(load_settings()).of_jobs(role) == UNLIMITED
