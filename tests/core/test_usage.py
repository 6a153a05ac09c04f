from __future__ import annotations

from core import usage
from core.db import Database
from core.schema import Lane
from core.usage import Call, Tokens


def test_usage_is_summed_by_endpoint_and_lane(db: Database) -> None:
    chat = Call(Lane.CHAT, "e", "m", Tokens(100, 20, 50), 900.0, ttft_ms=300.0)
    stopped = Call(Lane.CHAT, "e", "m", Tokens(10, 2), 90.0, outcome="stopped")
    broken = Call(Lane.CHAT, "e", "m", Tokens(), 5.0, outcome="http 500")
    batch = Call(Lane.BATCH, "e", "m", Tokens(500, 50), 4000.0, calls=5, job_id="j")
    with db.write() as connection:
        usage.record(connection, [chat, stopped, broken, batch])
        usage.record(connection, [])
    of_batch, of_chat = usage.since(db, 0)
    assert (of_chat.lane, of_chat.calls, of_chat.failed) == (Lane.CHAT, 3, 1)
    assert of_chat.tokens == Tokens(110, 22, 50)
    assert of_chat.ttft_ms == (300.0,)
    assert (of_batch.calls, of_batch.tokens) == (5, Tokens(500, 50))


def test_older_calls_are_left_out(db: Database) -> None:
    with db.write() as connection:
        usage.record(connection, [Call(Lane.CHAT, "e", "m", Tokens(1, 1), 1.0, at=100.0)])
    assert usage.since(db, 101.0) == []
