"""What changed in a table since the last look, page by page, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from core.db import Database

#: Transactions may end in another order than their rows' times say, but none takes longer.
OVERLAP_S = 5.0


class Feed:
    """Reads on where it stopped; rows of the last seconds come again until nothing can follow them.

    Attributes:
        sign: A query whose rows are others once there is more to read; it has :attr:`values`.

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
        self._newest: tuple[float, str | bytes] | None = None
        self._found_at: float | None = None
        self._name = f"since_{at.table.name}"
        since = sa.bindparam(self._name, type_=at.type)
        # Beside how many there are, when: one that changes may stay among them.
        self.sign = sa.select(sa.func.count(), sa.func.sum(at - since)).where(at >= since)

    @property
    def values(self) -> dict[str, float]:
        """What belongs to :attr:`sign` now."""
        return {self._name: self._position[0]}

    def skip(self) -> None:
        """Begin with what changes from now on."""
        with self._db.read() as connection:
            newest = connection.execute(sa.select(sa.func.max(self._at))).scalar_one()
        self._position = ((newest or 0.0) - OVERLAP_S, self._first_key)

    def settles(self, now: float) -> bool:
        """Whether the last rows need not come again any more, once they have been read.

        Args:
            now: Seconds since the epoch.
        """
        return self._found_at is not None and abs(now - self._found_at) >= OVERLAP_S

    def read(self, limit: int, now: float) -> list[sa.Row[Any]]:
        """The next rows, at most ``limit``; fewer than that: it is at the end.

        Args:
            limit: Most rows to give.
            now: Seconds since the epoch.
        """
        at, key = self._position
        later = sa.and_(self._at >= at, sa.or_(self._at > at, self._key > key))
        with self._db.read() as connection:
            asked = sa.select(*self._columns).where(later).order_by(self._at, self._key)
            rows = list(connection.execute(asked.limit(limit)))
        if not rows:
            self._found_at = None
            return rows
        last = (rows[-1].changed_at, rows[-1][1])
        self._position = last if len(rows) == limit else self._after_the_end(last, now)
        return rows

    @contextmanager
    def taken(self) -> Iterator[None]:
        """What is read inside comes again where something fails inside."""
        position = self._position
        try:
            yield
        except BaseException:
            self._position = position
            raise

    def _after_the_end(self, last: tuple[float, str | bytes], now: float) -> tuple[float, Any]:
        if last != self._newest:
            self._newest, self._found_at = last, now
        elif self.settles(now):
            self._found_at = None
            return last
        return last[0] - OVERLAP_S, self._first_key
