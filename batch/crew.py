"""The crew: the workers of one database, who know each other by signs of life.

On SQLite there is one worker and nobody else. On Postgres each has a row of
:data:`core.schema.workers` and shows every two seconds, by the server's clock,
that it lives. One that is not heard of is dead to the others: its row is
removed first, so that it finds out before it could do harm, and then its work
is taken over. Knows nothing of that work.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.db import Database
from core.postgres import SERVER_NOW, is_postgres
from core.schema import workers

BEAT_S = 2.0
#: A worker that has not been heard of for so long is dead to the others.
DEAD_S = 12.0
#: One that has not heard for so long that it is known to live does nothing until it has:
#: well before the others may take it for dead.
TRUST_S = 8.0


@dataclass(frozen=True, slots=True)
class Member:
    """A worker that lives.

    Attributes:
        name: The same after a restart on the same machine and home.
        version: Of the workflows that it can go on with.
        host: The machine, or the container on it.
    """

    name: str
    version: str
    host: str
    pid: int
    started_at: float

    @property
    def machine(self) -> str:
        """The machine's name alone."""
        return self.host.partition("/")[0]


def living(db: Database) -> list[Member]:
    """The workers that live, by name; on SQLite none is listed."""
    if not is_postgres(db.engine):
        return []
    query = (
        sa.select(*(workers.c[name] for name in Member.__dataclass_fields__))
        .where(workers.c.beat_at >= SERVER_NOW - DEAD_S)
        .order_by(workers.c.name)
    )
    with db.read() as connection:
        return [Member(*row) for row in connection.execute(query)]


def bury(db: Database) -> list[str]:
    """Remove the workers that are dead or have left; returns their names.

    From then on one that was only frozen knows that it does not count any more.
    """
    if not is_postgres(db.engine):
        return []
    with db.write() as connection:
        dead = connection.execute(
            workers.delete()
            .where(workers.c.beat_at < SERVER_NOW - DEAD_S)
            .returning(workers.c.name)
        )
        return sorted(dead.scalars())
