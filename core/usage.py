"""What model calls took: tokens, times and cost, by lane and endpoint. Never the text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from core.db import Database
from core.errors import EndpointError, ModelError, TimedOut
from core.statuses import Lane
from core.usage_tables import usage, usage_minutes

#: How calls end that did what they should: answered, stopped by the reader, or by a job's
#: owner, or called back for a person.
OK, STOPPED, CANCELLED, CALLED_BACK = "ok", "stopped", "cancelled", "called back"
GOOD_OUTCOMES = (OK, STOPPED, CANCELLED, CALLED_BACK)
DAY_S = 86_400
#: Old records are removed in pieces, so that nobody waits for it.
REMOVED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one call or of many."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.cached + other.cached,
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One finished model call.

    Attributes:
        outcome: One of :data:`GOOD_OUTCOMES`, or a short reason such as ``http 500``.
        queue_ms: Time it waited for a slot.
        ttft_ms: Time to the first token from then on, where it is known.
        total_ms: Whole time from then on.
        cost: In the endpoint's currency.
        at: When it ended, seconds since the epoch.
    """

    lane: Lane
    endpoint: str
    model: str
    tokens: Tokens
    total_ms: float
    outcome: str = OK
    ttft_ms: float | None = None
    job_id: str | None = None
    conversation_id: str | None = None
    queue_ms: float = 0.0
    cost: float = 0.0
    at: float = field(default_factory=time.time)


def outcome_of(error: ModelError) -> str:
    """A failed call's outcome in two words."""
    if isinstance(error, TimedOut):
        return "timed out"
    if isinstance(error, EndpointError):
        return f"http {error.status}" if error.status else "unreachable"
    return "bad answer"


def record(connection: Connection, calls: Iterable[Call], *, job_id: str | None = None) -> None:
    """Store finished calls, inside the caller's transaction.

    Args:
        connection: A connection in a write transaction.
        calls: The calls.
        job_id: The job of those that name none.
    """
    stored = [_stored(call, job_id) for call in calls]
    if stored:
        connection.execute(usage.insert(), stored)
        _add_to_minutes(connection, stored)


def _stored(call: Call, job_id: str | None) -> dict[str, object]:
    return {
        "at": call.at,
        "lane": call.lane,
        "endpoint": call.endpoint,
        "model": call.model,
        "job_id": call.job_id or job_id,
        "conversation_id": call.conversation_id,
        "calls": 1,
        "prompt_tokens": call.tokens.prompt,
        "completion_tokens": call.tokens.completion,
        "cached_tokens": call.tokens.cached,
        "queue_ms": call.queue_ms,
        "ttft_ms": call.ttft_ms,
        "total_ms": call.total_ms,
        "cost": call.cost,
        "outcome": call.outcome,
    }


_SUMMED = ("calls", "failed", "prompt_tokens", "completion_tokens", "cached_tokens", "cost")


def _add_to_minutes(connection: Connection, stored: Sequence[dict[str, object]]) -> None:
    sums: dict[tuple[object, ...], dict[str, object]] = {}
    for call in stored:
        key = (int(call["at"] // 60), call["endpoint"], call["lane"])  # type: ignore[operator]
        added = call | {"failed": int(call["outcome"] not in GOOD_OUTCOMES)}
        total = sums.setdefault(key, dict.fromkeys(_SUMMED, 0))
        for name in _SUMMED:
            total[name] += added[name]  # type: ignore[operator]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(usage_minutes)
    keys = ("minute", "endpoint", "lane")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: usage_minutes.c[name] + statement.excluded[name] for name in _SUMMED},
        ),
        # In one order, so that two writers cannot wait for each other.
        [dict(zip(keys, key, strict=True)) | sums[key] for key in sorted(sums, key=str)],
    )


@dataclass(frozen=True, slots=True)
class Use:
    """Sums over the calls to one endpoint in one lane, in a span of time.

    Attributes:
        since: The span's beginning, seconds since the epoch.
        failed: Calls that did not do what they should.
    """

    since: float
    endpoint: str
    lane: Lane
    calls: int
    failed: int
    tokens: Tokens
    cost: float


def since(db: Database, at: float) -> list[Use]:
    """Usage since a moment (to its minute), a row for each endpoint and lane."""
    return _summed(db, at, None)


def over_time(db: Database, at: float, step_s: int) -> list[Use]:
    """The same in steps of whole minutes, the oldest first; steps without calls are left out."""
    return _summed(db, at, max(1, step_s // 60))


def _summed(db: Database, at: float, minutes: int | None) -> list[Use]:
    minute = usage_minutes.c.minute
    begin = sa.literal(int(at // 60)) if minutes is None else minute - minute % minutes
    query = (
        sa.select(
            begin.label("begin"),
            usage_minutes.c.endpoint,
            usage_minutes.c.lane,
            *(sa.func.sum(usage_minutes.c[name]) for name in _SUMMED),
        )
        .where(minute >= int(at // 60))
        .group_by(*([] if minutes is None else ["begin"]), usage_minutes.c.endpoint, "lane")
        .order_by("begin", usage_minutes.c.endpoint, usage_minutes.c.lane)
    )
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Use(
            start * 60.0,
            endpoint,
            Lane(lane),
            calls,
            failed,
            Tokens(int(prompt), int(completion), int(cached)),
            float(cost),
        )
        for start, endpoint, lane, calls, failed, prompt, completion, cached, cost in found
    ]


@dataclass(frozen=True, slots=True)
class FirstToken:
    """When a call began to be answered: the moment, and how long that took."""

    at: float
    endpoint: str
    lane: Lane
    ttft_ms: float


def first_tokens(db: Database, at: float, limit: int = 2_000) -> list[FirstToken]:
    """Times to the first token since a moment: the newest of each lane, the oldest first."""
    found: list[FirstToken] = []
    with db.read() as connection:
        for lane in Lane:
            query = (
                sa.select(usage.c.at, usage.c.endpoint, usage.c.ttft_ms)
                .where(usage.c.at >= at, usage.c.ttft_ms.is_not(None), usage.c.lane == lane)
                .order_by(usage.c.at.desc())
                .limit(limit)
            )
            rows = connection.execute(query)
            found += [FirstToken(row.at, row.endpoint, lane, row.ttft_ms) for row in rows]
    return sorted(found, key=lambda one: one.at)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of the values does not exceed; None without values."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def remove_older(db: Database, days: int, now: float) -> bool:
    """Remove a piece of the records older than so many days; returns whether there are more."""
    oldest = now - days * DAY_S
    old = sa.select(usage.c.id).where(usage.c.at < oldest).limit(REMOVED_AT_ONCE)
    minutes = usage_minutes.delete().where(usage_minutes.c.minute < int(oldest // 60))
    with db.write() as connection:
        connection.execute(minutes)
        count = connection.execute(usage.delete().where(usage.c.id.in_(old))).rowcount
    return count >= REMOVED_AT_ONCE
