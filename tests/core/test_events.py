from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core import events
from core.db import Database
from core.events import Event, EventKind
from tests.conftest import on_both


def happen(db: Database, *subjects: str) -> None:
    for subject in subjects:
        with db.write() as connection:
            events.record(connection, EventKind.JOB_DONE, subject, {"rows": 3})


@on_both
def test_each_consumer_handles_every_event_once_in_order(db: Database) -> None:
    assert not events.unhandled(db, "triggers")
    assert not events.unhandled(db, "notices")
    happen(db, "a", "b")
    first, second = events.unhandled(db, "triggers")
    assert (first.subject, first.kind, first.details) == ("a", EventKind.JOB_DONE, {"rows": 3})
    events.handled(db, "triggers", first)
    assert events.unhandled(db, "triggers") == [second]
    events.handled(db, "triggers", second)
    assert not events.unhandled(db, "triggers")
    assert events.unhandled(db, "notices") == [first, second]


def test_a_new_consumer_is_not_told_of_the_past(db: Database) -> None:
    happen(db, "old")
    assert not events.unhandled(db, "notices")
    happen(db, "new")
    assert [one.subject for one in events.unhandled(db, "notices")] == ["new"]


def test_what_happens_in_a_transaction_that_fails_has_not_happened(db: Database) -> None:
    events.unhandled(db, "notices")
    try:
        with db.write() as connection:
            events.record(connection, EventKind.JOB_FAILED, "a")
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert not events.unhandled(db, "notices")


@on_both
def test_old_events_go_once_everybody_has_handled_them(db: Database) -> None:
    events.unhandled(db, "triggers")
    events.unhandled(db, "notices")
    happen(db, "a")
    [one] = events.unhandled(db, "triggers")
    events.handled(db, "triggers", one)
    later = one.at + events.KEPT_S + 1
    events.forget(db, later)
    assert events.unhandled(db, "notices") == [one]
    events.handled(db, "notices", one)
    events.forget(db, later)
    happen(db, "b")
    [after] = events.unhandled(db, "notices")
    assert after.subject == "b" and after.id > one.id


@pytest.mark.parametrize("db", ["postgres"], indirect=True)
def test_of_many_that_begin_at_the_same_moment_none_fails(db: Database) -> None:
    at_once = 4
    for number in range(10):
        together = Barrier(at_once)

        def begin(consumer: str, together: Barrier = together) -> Sequence[Event]:
            together.wait(60)
            return events.unhandled(db, consumer)

        with ThreadPoolExecutor(at_once) as threads:
            assert list(threads.map(begin, [f"consumer {number}"] * at_once)) == [[]] * at_once
