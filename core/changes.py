"""Whether anybody has written to the database since one last looked, for next to nothing.

Who polls several tables many times a second asks this first. It never says no where
something was written; it may say yes where what was written is of no interest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from core.db import Database
from core.postgres import is_postgres

#: SQLite counts what others have committed to the file. On Postgres a transaction that writes
#: has a number, and this says which numbers were given and which of them are not through.
_SQLITE, _POSTGRES = "PRAGMA data_version", "SELECT CAST(pg_current_snapshot() AS text)"


class Changes:
    """Watches a database over a connection of its own; for one thread at a time.

    The connection is closed with the database, if not before.

    Args:
        db: What is watched.
        sign: A query whose rows are others once what is watched has changed; None: all of the
            database is watched.
        values: Gives the values of the query's parameters; when they change, that counts, too.
    """

    def __init__(
        self,
        db: Database,
        sign: sa.SelectBase | None = None,
        values: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        self._engine = db.engine
        everything = sa.text(_POSTGRES if is_postgres(db.engine) else _SQLITE)
        self._asked = (everything if sign is None else sign).compile(dialect=db.engine.dialect)
        self._values = values
        # The driver's own: everything that is around it costs more than the question.
        self._connection: Any = None
        self._known: object = None
        sa.event.listen(db.engine, "engine_disposed", lambda _: self.close())

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
        values = self._asked.construct_params(dict(self._values()))
        names = self._asked.positiontup
        given = values if names is None else [values[name] for name in names]
        try:
            if self._connection is None:
                self._connection = self._opened()
            return self._connection.execute(self._asked.string, given).fetchall(), given
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
