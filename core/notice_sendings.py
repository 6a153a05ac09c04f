"""Notices on their way to channels: which is due, who sends it, what became of it.

A sending is taken for some minutes, sent, and noted. Whoever dies between
sending and noting leaves it to be sent again, under the same key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database, clock
from core.notice_tables import notice_channels as channels
from core.notice_tables import notice_sendings as table
from core.statuses import SendingStatus

#: Nobody else sends what somebody has taken so lately.
TAKEN_S = 300.0
#: Rest after one failed try of a channel, two, and so on; the last one from then on.
RESTS_S = (30.0, 120.0, 600.0, 1_800.0, 3_600.0)
#: What could not be sent for so long is given up.
GIVEN_UP_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Sending:
    """A notice that is to be sent to a channel.

    Attributes:
        tries: How often in a row the channel has failed.
        next_at: When it is due; changes whenever it is taken.
    """

    notice_id: int
    channel_id: str
    tries: int
    next_at: float

    @property
    def key(self) -> str:
        """Names it for the other side: the same whenever it is sent again."""
        return f"notice-{self.notice_id}-{self.channel_id}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel gets on.

    Attributes:
        waiting: Notices that are on their way.
        given_up: Notices that never arrived.
        problem: Why the last try failed; empty when all is well.
        next_at: When the next try is due, while something waits.
        sent_at: When something last arrived.
    """

    waiting: int = 0
    given_up: int = 0
    problem: str = ""
    next_at: float | None = None
    sent_at: float | None = None


_UNDER_WAY = (SendingStatus.WAITING, SendingStatus.TAKEN)


def due(db: Database) -> Sequence[Sending]:
    """What should be sent now: of every channel the oldest."""
    of_channel = sa.func.row_number().over(
        partition_by=table.c.channel_id, order_by=table.c.notice_id
    )
    with db.read() as connection:
        ready = (
            sa.select(table, of_channel.label("turn"))
            .join(channels, channels.c.id == table.c.channel_id)
            .where(table.c.sent_at.is_(None), table.c.status.in_(_UNDER_WAY))
            .where(table.c.next_at <= clock(connection), channels.c.enabled)
            .subquery()
        )
        query = sa.select(ready).where(ready.c.turn == 1)
        return [_sending(row) for row in connection.execute(query).mappings()]


def take(db: Database, sending: Sending) -> bool:
    """Have a sending to oneself for some minutes; False where somebody else was quicker."""
    with db.write() as connection:
        change = table.update().where(
            _is(sending),
            table.c.status.in_(_UNDER_WAY),
            table.c.next_at == sending.next_at,
        )
        values = {"status": SendingStatus.TAKEN, "next_at": clock(connection) + TAKEN_S}
        return connection.execute(change.values(values)).rowcount == 1


def arrived(db: Database, sending: Sending) -> None:
    """Note that the other side has it; what else waits for this channel is due at once."""
    with db.write() as connection:
        now = clock(connection)
        sent = {"status": SendingStatus.SENT, "sent_at": now, "problem": ""}
        connection.execute(table.update().where(_is(sending)).values(sent))
        connection.execute(_waiting(sending).values(tries=0, next_at=now))


def failed(db: Database, sending: Sending, problem: str) -> None:
    """Note that the channel failed: all that waits for it rests, and what is too old is given up.

    Args:
        db: Our tables.
        sending: What was tried.
        problem: Why it failed, fit to be shown.
    """
    rest = RESTS_S[min(sending.tries, len(RESTS_S) - 1)]
    with db.write() as connection:
        now = clock(connection)
        back = {"status": SendingStatus.WAITING}
        connection.execute(table.update().where(_is(sending)).values(back))
        again = {"tries": sending.tries + 1, "next_at": now + rest, "problem": problem}
        connection.execute(_waiting(sending).values(again))
        old = _waiting(sending).where(table.c.queued_at < now - GIVEN_UP_S)
        connection.execute(old.values(status=SendingStatus.GIVEN_UP))


def try_again(db: Database, channel_id: str) -> None:
    """Send at once what waits for a channel, and what was given up."""
    states = (SendingStatus.WAITING, SendingStatus.GIVEN_UP)
    of_channel = sa.and_(table.c.channel_id == channel_id, table.c.status.in_(states))
    with db.write() as connection:
        now = clock(connection)
        anew = {"status": SendingStatus.WAITING, "tries": 0, "queued_at": now, "next_at": now}
        connection.execute(table.update().where(of_channel).values(anew))


def drop(db: Database, channel_id: str) -> None:
    """Leave what was given up as it is, and speak of it no more."""
    given_up = sa.and_(table.c.channel_id == channel_id, table.c.status == SendingStatus.GIVEN_UP)
    with db.write() as connection:
        connection.execute(table.delete().where(given_up))


def standings(db: Database) -> dict[str, Standing]:
    """How each channel gets on, by its id; those that nothing was sent to are left out."""
    with db.read() as connection:
        return {
            channel_id: _standing(connection, channel_id)
            for channel_id in connection.execute(sa.select(channels.c.id)).scalars().all()
        }


def _standing(connection: Connection, channel_id: str) -> Standing:
    mine = table.c.channel_id == channel_id
    counts = dict.fromkeys(SendingStatus, 0)
    grouped = sa.select(table.c.status, sa.func.count()).where(mine).group_by(table.c.status)
    for status, count in connection.execute(grouped):
        counts[SendingStatus(status)] = count
    open_ones = sa.and_(mine, table.c.sent_at.is_(None))
    last = sa.select(table.c.problem).where(open_ones, table.c.problem != "")
    under_way = sa.and_(open_ones, table.c.status.in_(_UNDER_WAY))
    return Standing(
        waiting=counts[SendingStatus.WAITING] + counts[SendingStatus.TAKEN],
        given_up=counts[SendingStatus.GIVEN_UP],
        problem=connection.execute(last.order_by(table.c.next_at.desc()).limit(1)).scalar() or "",
        next_at=connection.execute(
            sa.select(sa.func.min(table.c.next_at)).where(under_way)
        ).scalar(),
        sent_at=connection.execute(sa.select(sa.func.max(table.c.sent_at)).where(mine)).scalar(),
    )


def _is(sending: Sending) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.notice_id == sending.notice_id, table.c.channel_id == sending.channel_id)


def _waiting(sending: Sending) -> sa.Update:
    """A change of all that waits for the same channel."""
    return table.update().where(
        table.c.channel_id == sending.channel_id, table.c.status == SendingStatus.WAITING
    )


def _sending(row: sa.RowMapping) -> Sending:
    return Sending(row["notice_id"], row["channel_id"], row["tries"], row["next_at"])
