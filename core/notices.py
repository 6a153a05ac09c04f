"""What people are told: a notice of each event that somebody may want to know of.

Kept for all who work here, with how far each of them has read. Knows neither
what the words are made from nor how a notice gets to a channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from core.db import Database, clock, upsert
from core.notice_tables import notice_channels as channels
from core.notice_tables import notice_readers as readers
from core.notice_tables import notice_sendings as sendings
from core.notice_tables import notices as table
from core.postgres import is_postgres
from core.statuses import SendingStatus

#: Notices are kept this long.
KEPT_S = 90 * 86_400.0
#: Who comes for the first time has missed what is older.
MISSED_S = 86_400.0


class NoticeKind(StrEnum):
    """What a notice is about."""

    ENDED = "ended"  #: a job has ended
    REVIEW = "review"  #: a job has ended, and rows of it wait for a person
    FAILED = "failed"  #: a job was stopped by a problem
    BUDGET = "budget"  #: a job has used up its budget, and waits
    DELIVERY = "delivery"  #: a delivery did not reach its destination, or not all of it
    SCHEDULE = "schedule"  #: a schedule came due and could not do what it should

    @property
    def wanted_as(self) -> tuple[NoticeKind, ...]:
        """Who wants one of these wants it: rows can only wait after the job's end."""
        return (NoticeKind.ENDED, self) if self is NoticeKind.REVIEW else (self,)


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a notice.

    Attributes:
        title: One line that says it all.
        text: What else there is to say; may be empty.
        link: The page that it leads to, as a path with its query.
    """

    kind: NoticeKind
    title: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people were told.

    Attributes:
        id: Grows with time.
        at: When what it tells of happened.
    """

    id: int
    told: Told
    at: float


def add(db: Database, event_id: int, told: Told, at: float) -> bool:
    """Tell of an event, in the app and over every channel that wants it.

    Returns:
        False when it had been told already: nothing is then told again.
    """
    row = {
        "event_id": event_id,
        "kind": told.kind,
        "title": told.title,
        "text": told.text,
        "link": told.link,
        "at": at,
    }
    with db.write() as connection:
        statement = (
            _insert(connection).values(row).on_conflict_do_nothing(index_elements=["event_id"])
        )
        notice_id = connection.execute(statement.returning(table.c.id)).scalar()
        if notice_id is None:
            return False
        _send_on(connection, int(notice_id), told.kind)
        return True


def _insert(connection: Connection) -> postgresql.Insert | sqlite.Insert:
    make = postgresql.insert if is_postgres(connection.engine) else sqlite.insert
    return make(table)


def _send_on(connection: Connection, notice_id: int, kind: NoticeKind) -> None:
    found = connection.execute(sa.select(channels.c.id, channels.c.kinds).where(channels.c.enabled))
    now = clock(connection)
    wanting = [one.id for one in found if set(one.kinds) & set(kind.wanted_as)]
    begun = {"status": SendingStatus.WAITING, "queued_at": now, "next_at": now}
    rows = [{"notice_id": notice_id, "channel_id": channel, **begun} for channel in wanting]
    if rows:
        connection.execute(sendings.insert(), rows)


def listing(db: Database, limit: int) -> Sequence[Notice]:
    """The newest notices first."""
    return _select(db, sa.true(), limit)


def newer(db: Database, than: int, limit: int) -> Sequence[Notice]:
    """Those that have come after one, the newest first."""
    return _select(db, table.c.id > than, limit)


def get(db: Database, notice_id: int) -> Notice | None:
    """One notice, so long as it is kept."""
    return next(iter(_select(db, table.c.id == notice_id, 1)), None)


def newest(db: Database) -> int:
    """The id of the newest notice; 0 where there is none."""
    with db.read() as connection:
        found = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
    return int(found or 0)


def _select(db: Database, condition: sa.ColumnElement[bool], limit: int) -> Sequence[Notice]:
    query = table.select().where(condition).order_by(table.c.id.desc()).limit(limit)
    with db.read() as connection:
        return [_notice(row) for row in connection.execute(query).mappings()]


def _notice(row: sa.RowMapping) -> Notice:
    told = Told(NoticeKind(row["kind"]), row["title"], row["text"], row["link"])
    return Notice(row["id"], told, row["at"])


def seen_to(db: Database, reader: str) -> int:
    """Up to which notice somebody has seen them; who is new has missed those of the last day."""
    known = sa.select(readers.c.seen_to).where(readers.c.reader == reader)
    with db.read() as connection:
        found = connection.execute(known).scalar()
    if found is not None:
        return int(found)
    with db.write() as connection:
        old = table.c.at < clock(connection) - MISSED_S
        found = connection.execute(sa.select(sa.func.max(table.c.id)).where(old)).scalar() or 0
        upsert(connection, readers, [{"reader": reader, "seen_to": found}])
    return int(found)


def count_unseen(db: Database, reader: str) -> int:
    """How many notices somebody has not seen."""
    query = sa.select(sa.func.count()).where(table.c.id > seen_to(db, reader))
    with db.read() as connection:
        return int(connection.execute(query).scalar_one())


def mark_seen(db: Database, reader: str, notice_id: int) -> None:
    """Note that somebody has seen everything up to a notice."""
    seen_to(db, reader)
    change = readers.update().where(readers.c.reader == reader, readers.c.seen_to < notice_id)
    with db.write() as connection:
        connection.execute(change.values(seen_to=notice_id))


def forget(db: Database, now: float) -> None:
    """Remove notices that are too old to be of use."""
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.at < now - KEPT_S))
