from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import usage
from core.db import Database
from core.errors import AnswerError, EndpointError, ModelError, TimedOut, Unreachable
from core.statuses import Lane
from core.usage import Call, FirstToken, Tokens
from core.usage_tables import usage as table

BATCH = Call(Lane.BATCH, "e", "m", Tokens(500, 50), 4000.0, cost=0.5, at=120.0)
CHAT = Call(Lane.CHAT, "e", "m", Tokens(100, 20, 50), 900.0, ttft_ms=300.0, at=130.0)


def store(db: Database, *calls: Call) -> None:
    with db.write() as connection:
        usage.record(connection, calls, job_id="j")


def test_usage_is_summed_by_endpoint_and_lane(db: Database) -> None:
    stopped = Call(Lane.CHAT, "e", "m", Tokens(10, 2), 90.0, outcome="stopped")
    broken = Call(Lane.CHAT, "e", "m", Tokens(), 5.0, outcome="http 500")
    store(db, CHAT, stopped, broken, BATCH, BATCH)
    store(db)
    of_batch, of_chat = usage.since(db, 0)
    assert (of_chat.lane, of_chat.calls, of_chat.failed) == (Lane.CHAT, 3, 1)
    assert of_chat.tokens == Tokens(110, 22, 50)
    assert (of_batch.calls, of_batch.tokens, of_batch.cost) == (2, Tokens(1000, 100), 1.0)


def test_every_call_has_a_record_of_its_own(db: Database) -> None:
    store(db, BATCH, CHAT)
    with db.read() as connection:
        rows = connection.execute(sa.select(table).order_by("at")).mappings().all()
    assert [(row["lane"], row["job_id"], row["ttft_ms"]) for row in rows] == [
        ("batch", "j", None),
        ("chat", "j", 300.0),
    ]


def test_older_calls_are_left_out(db: Database) -> None:
    store(db, BATCH)
    assert usage.since(db, 180.0) == []


def test_use_over_time_comes_in_steps(db: Database) -> None:
    later = Call(Lane.BATCH, "e", "m", Tokens(1, 1), 1.0, at=700.0)
    store(db, BATCH, CHAT, later)
    found = usage.over_time(db, 0, 300)
    assert [(use.since, use.lane, use.calls) for use in found] == [
        (0.0, Lane.BATCH, 1),
        (0.0, Lane.CHAT, 1),
        (600.0, Lane.BATCH, 1),
    ]


def test_first_tokens_of_both_lanes_come_in_order(db: Database) -> None:
    store(db, BATCH, CHAT, Call(Lane.BATCH, "e", "m", Tokens(), 1.0, ttft_ms=9.0, at=125.0))
    assert usage.first_tokens(db, 0) == [
        FirstToken(125.0, "e", Lane.BATCH, 9.0),
        FirstToken(130.0, "e", Lane.CHAT, 300.0),
    ]


def test_old_records_are_removed(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "REMOVED_AT_ONCE", 2)
    new = Call(Lane.BATCH, "e", "m", Tokens(), 1.0, at=40 * usage.DAY_S)
    store(db, BATCH, BATCH, BATCH, CHAT, CHAT, new)
    for more in (True, True, False):
        assert usage.remove_older(db, days=30, now=40 * usage.DAY_S) is more
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 1
    (left,) = usage.since(db, 0)
    assert left.calls == 1


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TimedOut("x"), "timed out"),
        (Unreachable("x"), "unreachable"),
        (EndpointError("x", status=500), "http 500"),
        (AnswerError("x"), "bad answer"),
    ],
)
def test_a_failure_has_a_short_name(error: ModelError, outcome: str) -> None:
    assert usage.outcome_of(error) == outcome


def test_percentiles() -> None:
    ordered = [float(number) for number in range(100, 0, -1)]
    assert usage.percentile(ordered, 0.5) == 50.0
    assert usage.percentile(ordered, 0.95) == 95.0
    assert usage.percentile([3.0], 0.95) == 3.0
    assert usage.percentile([], 0.5) is None
