"""What the shop could not answer, kept for its owner: what to extract, write or stock next.

A question asked again is counted, not listed again. Knows nothing of how an
answer came to fail: who answers says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from core.chat_tables import gaps
from core.db import Database
from core.statuses import GapKind, GapStatus
from rag.sameness import question_key
from rag.texts import shortened

#: Kept of a question: what is longer is no question that anybody reads.
QUESTION_CHARS = 500
MISSING_CHARS = 120
#: Most gaps kept; beyond, those asked longest ago go.
MOST = 20_000
LISTED = 200


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that could not be answered. Times in epoch seconds.

    Attributes:
        missing: What was missing, such as a field's name or a reader's reason; may be empty.
        nearest: Ids of what was offered instead, as in :class:`rag.exchange.Passage`.
        times: How often it was asked.
    """

    id: str
    question: str
    kind: GapKind
    missing: str
    nearest: tuple[str, ...]
    times: int
    status: GapStatus
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that several questions were missing.

    Attributes:
        questions: How many different questions.
        times: How often they were asked in all.
    """

    missing: str
    kind: GapKind
    questions: int
    times: int


def record(
    db: Database,
    question: str,
    kind: GapKind,
    *,
    missing: str = "",
    nearest: Sequence[str] = (),
    now: float | None = None,
) -> None:
    """Note that a question could not be answered; asked again, it is counted.

    A gap that was closed opens again, since the shop still cannot answer it; one
    that was dismissed stays so. A reader's dislike adds nothing to a gap of another
    kind, which says more.

    Args:
        question: In the shopper's words, so that it makes sense alone.
        missing: What was missing, where that is known.
        nearest: Ids of what was offered instead.
        now: Epoch seconds; by default the present.
    """
    if not question.strip():
        return
    moment = time.time() if now is None else now
    row = {
        "id": secrets.token_hex(8),
        "question_key": question_key(question),
        "question": shortened(" ".join(question.split()), QUESTION_CHARS),
        "kind": kind,
        "missing": shortened(" ".join(missing.split()), MISSING_CHARS),
        "nearest": list(nearest),
        "times": 1,
        "status": GapStatus.OPEN,
        "first_at": moment,
        "last_at": moment,
    }
    with db.write() as connection:
        connection.execute(_counting(connection, row))
        _keep_bounded(connection)


def listing(
    db: Database,
    *,
    kind: GapKind | None = None,
    status: GapStatus | None = GapStatus.OPEN,
    missing: str | None = None,
    limit: int = LISTED,
) -> list[Gap]:
    """The gaps, the most asked first, of equal ones the latest.

    Args:
        kind: Only of this kind.
        status: Only in this state; None for all.
        missing: Only those that were missing exactly this.
        limit: Most to give.
    """
    query = gaps.select().order_by(gaps.c.times.desc(), gaps.c.last_at.desc(), gaps.c.id)
    for column, wanted in ((gaps.c.kind, kind), (gaps.c.status, status), (gaps.c.missing, missing)):
        if wanted is not None:
            query = query.where(column == wanted)
    with db.read() as connection:
        return [_gap(row) for row in connection.execute(query.limit(limit)).mappings()]


def counts(db: Database, *, status: GapStatus | None = GapStatus.OPEN) -> Mapping[GapKind, int]:
    """How many gaps there are of each kind that has any; of one state, or of all."""
    query = sa.select(gaps.c.kind, sa.func.count()).group_by(gaps.c.kind)
    if status is not None:
        query = query.where(gaps.c.status == status)
    with db.read() as connection:
        found = {GapKind(kind): number for kind, number in connection.execute(query)}
    return {kind: found[kind] for kind in GapKind if kind in found}


def summarised(db: Database, *, limit: int = 10) -> list[Wanted]:
    """What open gaps are missing, the most asked for first; gaps that name nothing are left out."""
    times = sa.func.sum(gaps.c.times)
    query = (
        sa.select(gaps.c.missing, gaps.c.kind, sa.func.count(), times)
        .where(gaps.c.status == GapStatus.OPEN, gaps.c.missing != "")
        .group_by(gaps.c.missing, gaps.c.kind)
        .order_by(times.desc(), gaps.c.missing)
        .limit(limit)
    )
    with db.read() as connection:
        found = connection.execute(query).all()
    return [
        Wanted(missing, GapKind(kind), questions, int(asked))
        for missing, kind, questions, asked in found
    ]


def dismiss(db: Database, ids: Sequence[str]) -> int:
    """Note that these are not worth closing; returns how many were open."""
    return _move(db, ids, GapStatus.DISMISSED, of=(GapStatus.OPEN,))


def close(db: Database, ids: Sequence[str]) -> int:
    """Note that the shop can answer these now; returns how many were open."""
    return _move(db, ids, GapStatus.CLOSED, of=(GapStatus.OPEN,))


def reopen(db: Database, ids: Sequence[str]) -> int:
    """Put dismissed and closed ones back on the list; returns how many there were."""
    return _move(db, ids, GapStatus.OPEN, of=(GapStatus.DISMISSED, GapStatus.CLOSED))


def _move(db: Database, ids: Sequence[str], to: GapStatus, *, of: Sequence[GapStatus]) -> int:
    with db.write() as connection:
        moved = connection.execute(
            gaps.update().where(gaps.c.id.in_(ids), gaps.c.status.in_(of)).values(status=to)
        )
        return moved.rowcount


def _counting(connection: Connection, row: Mapping[str, object]) -> sa.Insert:
    """Adds a gap, or counts up the one of the same question."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(gaps).values(row)
    new = statement.excluded
    less = sa.and_(new.kind == GapKind.DISLIKED, gaps.c.kind != GapKind.DISLIKED)
    told = {
        name: sa.case((less, gaps.c[name]), else_=new[name])
        for name in ("kind", "missing", "nearest")
    }
    built: sa.Insert = statement.on_conflict_do_update(
        index_elements=["question_key"],
        set_=told
        | {
            "times": gaps.c.times + sa.case((less, 0), else_=1),
            "last_at": new.last_at,
            "status": sa.case(
                (gaps.c.status == GapStatus.DISMISSED, GapStatus.DISMISSED), else_=GapStatus.OPEN
            ),
        },
    )
    return built


def _keep_bounded(connection: Connection) -> None:
    number = connection.execute(sa.select(sa.func.count()).select_from(gaps)).scalar_one()
    if number > MOST:
        kept = sa.select(gaps.c.id).order_by(gaps.c.last_at.desc(), gaps.c.id).limit(MOST)
        connection.execute(gaps.delete().where(gaps.c.id.not_in(kept)))


def _gap(row: RowMapping) -> Gap:
    parts = {name: row[name] for name in Gap.__dataclass_fields__}
    return Gap(
        **parts
        | {
            "kind": GapKind(row["kind"]),
            "status": GapStatus(row["status"]),
            "nearest": tuple(row["nearest"]),
        }
    )
