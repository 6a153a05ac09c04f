"""A line: first come, first served, bounded, and everybody knows how many are before them."""

from __future__ import annotations

import threading

import pytest

from core.errors import LimitReached
from core.line import Line


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_free_place_is_had_at_once() -> None:
    line = Line(places=1, waiting=0, patience_s=1)
    with line.enter() as spot:
        assert spot.wait(0)
        assert spot.before == 0


def test_who_waits_sees_how_many_are_before_them_and_is_served_in_order() -> None:
    line = Line(places=1, waiting=3, patience_s=60)
    served, first, second, third = (line.enter() for _ in range(4))
    assert [one.before for one in (first, second, third)] == [0, 1, 2]
    second.leave()
    assert third.before == 1
    assert not first.wait(0)
    served.leave()
    assert first.wait(0)
    assert not third.wait(0)
    first.leave()
    assert third.wait(0)


def test_nobody_passes_those_who_wait() -> None:
    line = Line(places=1, waiting=2, patience_s=60)
    served, waiting = line.enter(), line.enter()
    served.leave()
    late = line.enter()
    assert waiting.wait(0)
    assert not late.wait(0)


def test_one_more_than_may_wait_is_refused_and_told_when_to_come_again() -> None:
    clock = Clock()
    line = Line(places=1, waiting=1, patience_s=60, clock=clock)
    visit = line.enter()
    clock.now += 12.0
    visit.leave()
    line.enter(), line.enter()
    with pytest.raises(LimitReached, match="in about 25 seconds") as refused:
        line.enter()
    assert refused.value.wait_s == 25


def test_patience_ends_after_so_long_and_no_sooner() -> None:
    clock = Clock()
    line = Line(places=1, waiting=1, patience_s=20, clock=clock)
    line.enter()
    with line.enter() as waiting:
        clock.now += 20.0
        assert not waiting.wait(0)
        clock.now += 0.1
        with pytest.raises(LimitReached, match="ask again in about"):
            waiting.wait(0)
    assert line.enter().before == 0, "who has lost patience is not waited for"


def test_a_place_that_is_left_twice_is_given_back_once() -> None:
    line = Line(places=1, waiting=2, patience_s=60)
    with line.enter() as spot:
        spot.leave()
        line.enter()
    assert not line.enter().wait(0)


def test_many_threads_never_have_more_places_than_there_are() -> None:
    line, lock, inside, most = Line(places=3, waiting=100, patience_s=60), threading.Lock(), 0, 0

    def visit() -> None:
        nonlocal inside, most
        with line.enter() as spot:
            while not spot.wait(1):
                pass
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.002)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=visit) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most) == (0, 3)
