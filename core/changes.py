"""Whether anybody has written to the database since one last looked, for next to nothing.

Who polls several tables many times a second asks this first. It never says no where
something was written; it may say yes where what was written is of no interest.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from core.db import Database
from core.postgres import is_postgres

#: SQLite counts what others have committed to the file. On Postgres a transaction that writes
#: has a number, and this says which numbers were given and which of them are not through.
_SQLITE, _POSTGRES = "PRAGMA data_version", "SELECT CAST(pg_current_snapshot() AS text)"


class Changes:
    """Watches a database over a connection of its own; for one thread.

    Args:
        db: What is watched.
    """

    def __init__(self, db: Database) -> None:
        self._engine = db.engine
        self._asks = _POSTGRES if is_postgres(db.engine) else _SQLITE
        # The driver's own: everything that is around it costs more than the question.
        self._connection: Any = None
        self._known: object = None

    def there(self) -> bool:
        """Whether anything may have been committed since the last call; the first says yes.

        So does every call to a server that does not answer: whoever looks then hears why.
        """
        known, self._known = self._known, self._ask()
        return self._known is None or self._known != known

    def close(self) -> None:
        """Give the connection up; the next call opens one anew, and says yes."""
        if self._connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                self._connection.close()
        # What one connection counts says nothing to another.
        self._connection = self._known = None

    def _ask(self) -> object:
        try:
            if self._connection is None:
                self._connection = self._opened()
            return self._connection.execute(self._asks).fetchone()[0]
        except (sa.exc.SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):
            self.close()
            return None

    def _opened(self) -> Any:
        """None of the pool's any more: it would not be as others expect one."""
        pooled = self._engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        if is_postgres(self._engine):
            connection.autocommit = True
        return connection
