"""What changed in a table since the last look, page by page, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core.db import Database

#: Transactions may end in another order than their rows' times say.
OVERLAP_S = 5.0


class Feed:
    """Reads on where it stopped; rows of the last seconds come again.

    Args:
        at: The column that says when a row changed.
        key: The column that tells rows of the same moment apart.
        others: What else to read.
        first_key: Lower than any key.
    """

    def __init__(
        self,
        db: Database,
        at: sa.Column[float],
        key: sa.Column[Any],
        others: Sequence[sa.Column[Any]],
        *,
        first_key: str | bytes = "",
    ) -> None:
        self._db = db
        self._at, self._key = at, key
        self._columns = (at.label("changed_at"), key, *others)
        self._first_key = first_key
        self._position: tuple[float, str | bytes] = (0.0, first_key)

    def skip(self) -> None:
        """Begin with what changes from now on."""
        with self._db.read() as connection:
            newest = connection.execute(sa.select(sa.func.max(self._at))).scalar_one()
        self._rewind(newest or 0.0)

    def read(self, limit: int) -> list[sa.Row[Any]]:
        """The next rows, at most ``limit``; fewer than that: it is at the end."""
        at, key = self._position
        later = sa.and_(self._at >= at, sa.or_(self._at > at, self._key > key))
        with self._db.read() as connection:
            asked = sa.select(*self._columns).where(later).order_by(self._at, self._key)
            rows = list(connection.execute(asked.limit(limit)))
        if len(rows) == limit:
            self._position = (rows[-1].changed_at, rows[-1][1])
        elif rows:
            self._rewind(rows[-1].changed_at)
        return rows

    def _rewind(self, newest: float) -> None:
        self._position = (newest - OVERLAP_S, self._first_key)
