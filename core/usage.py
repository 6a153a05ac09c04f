"""What model calls took: tokens and times, by lane and endpoint. Never the text."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database
from core.schema import Lane, usage


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
    """One finished model call, or a block of alike ones.

    Attributes:
        outcome: ``ok``, ``stopped``, or a short reason such as ``http 500``.
        ttft_ms: Time to the first token, for streamed calls.
        total_ms: Whole time; the sum over a block.
        at: When it ended, seconds since the epoch.
    """

    lane: Lane
    endpoint: str
    model: str
    tokens: Tokens
    total_ms: float
    outcome: str = "ok"
    ttft_ms: float | None = None
    job_id: str | None = None
    conversation_id: str | None = None
    calls: int = 1
    at: float = field(default_factory=time.time)


def record(connection: Connection, calls: Sequence[Call]) -> None:
    """Store finished calls, inside the caller's transaction."""
    if calls:
        connection.execute(usage.insert(), [_stored(call) for call in calls])


def _stored(call: Call) -> dict[str, object]:
    parts = asdict(call)
    tokens = parts.pop("tokens")
    return parts | {f"{name}_tokens": count for name, count in tokens.items()}


@dataclass(frozen=True, slots=True)
class LaneUse:
    """Sums over the calls of one endpoint in one lane."""

    endpoint: str
    lane: Lane
    calls: int
    failed: int
    tokens: Tokens
    ttft_ms: tuple[float, ...]


def since(db: Database, at: float) -> list[LaneUse]:
    """Usage since a moment, a row for each endpoint and lane."""
    grouped = (
        sa.select(
            usage.c.endpoint,
            usage.c.lane,
            sa.func.sum(usage.c.calls),
            sa.func.sum(sa.case((usage.c.outcome.in_(("ok", "stopped")), 0), else_=usage.c.calls)),
            sa.func.sum(usage.c.prompt_tokens),
            sa.func.sum(usage.c.completion_tokens),
            sa.func.sum(usage.c.cached_tokens),
        )
        .where(usage.c.at >= at)
        .group_by(usage.c.endpoint, usage.c.lane)
        .order_by(usage.c.endpoint, usage.c.lane)
    )
    firsts = sa.select(usage.c.endpoint, usage.c.lane, usage.c.ttft_ms).where(
        usage.c.at >= at, usage.c.ttft_ms.is_not(None)
    )
    with db.read() as connection:
        sums = connection.execute(grouped).all()
        times = connection.execute(firsts).all()
    return [
        LaneUse(
            endpoint=endpoint,
            lane=Lane(lane),
            calls=calls,
            failed=failed,
            tokens=Tokens(prompt, completion, cached),
            ttft_ms=tuple(t.ttft_ms for t in times if (t.endpoint, t.lane) == (endpoint, lane)),
        )
        for endpoint, lane, calls, failed, prompt, completion, cached in sums
    ]
