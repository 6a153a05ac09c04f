"""A duty that one process has at a time, over all machines that share a database."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.db import Database
from core.postgres import is_postgres


class Duty:
    """Held for as long as a connection of its own lives; whoever dies has given it up.

    On SQLite a file in the home keeps others away (see the callers), and it is
    always one's own.

    Args:
        db: The database that is shared.
        number: Names the duty; any number that is no other one's.
    """

    def __init__(self, db: Database, number: int) -> None:
        self._db = db
        self._number = number
        self._holding: Connection | None = None

    def is_mine(self) -> bool:
        """Whether this process has the duty; it is taken where nobody has it.

        Raises:
            DatabaseAway: The server does not answer; somebody else may have it by now.
        """
        if not is_postgres(self._db.engine):
            return True
        with self._db.in_words():
            try:
                return self._holds() or self._take()
            except sa.exc.DBAPIError:
                self.give_up()
                raise

    def _holds(self) -> bool:
        if self._holding is None:
            return False
        self._holding.execute(sa.select(1))  # fails if the connection, and the duty, is lost
        return True

    def _take(self) -> bool:
        connection = self._db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.execute(sa.select(sa.func.pg_try_advisory_lock(self._number))).scalar():
                self._holding = connection
        finally:
            if self._holding is not connection:
                connection.close()
        return self._holding is connection

    def give_up(self) -> None:
        """Let somebody else have it; harmless when it was not held."""
        if self._holding is not None:
            connection, self._holding = self._holding, None
            connection.invalidate()  # the lock goes with its session, not back to the pool
            with suppress(sa.exc.SQLAlchemyError):
                connection.close()
