"""Finds by meaning: exactly in memory where few things come into question, else by way of Chroma.

Chroma walks a hundred thousand vectors faster than they can be compared, but
knows no filters that are fast. Whatever it cannot answer, because too little
of what it finds passes the filters, or because it is away or not complete, is
compared here, exactly.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

import numpy as np

from core.errors import ServiceError
from rag.embedding import DIMENSIONS
from rag.exchange import Kind
from rag.fact_column import Mask
from rag.held import Held
from rag.index import Hit, Index
from rag.mirror import Mirror

logger = logging.getLogger(__name__)

#: As many are compared here in the time that a question to Chroma takes.
FEW = 20_000
#: What Chroma is asked for: filters let only some of it pass, and the deeper it looks, the more
#: of the nearest are among what it finds.
DEEP = 500
#: Time to compare one thing here, and how many times as long a search waits for Chroma.
COMPARED_S = 1e-7
HEDGE = 2
#: After so long without an answer Chroma counts as away.
PATIENCE_S = 0.25
#: How soon Chroma is tried again after it failed; no search waits for that.
RETRY_S = 2.0
#: What Chroma may lack: batches on their way to it.
LACKING = 200

_T = TypeVar("_T")
#: Rows with their similarity, best first.
Near = list[tuple[int, float]]


class DenseSearch:
    """Nearest things of a kind; safe to share between threads.

    Attributes:
        away: Chroma did not answer when it was last asked.

    Args:
        mirror: What is compared exactly.
        index: Chroma; None: everything is compared exactly.
    """

    def __init__(self, mirror: Mirror, index: Index | None) -> None:
        self.away = False
        self._mirror = mirror
        self._index = index
        self._complete = True
        self._tried_at = float("-inf")
        self._late: tuple[Future[list[Hit]], float] | None = None

    def begin(
        self, kind: Kind, vector: Sequence[float], k: int, admitted: Mask | None
    ) -> Callable[[], Near]:
        """Start a search; the result is got by calling what is returned.

        Args:
            kind: Of what.
            vector: Of the question.
            k: Most rows to give.
            admitted: The rows that come into question; None: all.
        """
        held = self._mirror.held(kind)
        if self._index is None or not self._asks_chroma(self._index, held, admitted):
            return lambda: held.vectors.nearest(vector, k, admitted)
        index = self._index
        asked = _in_background(lambda: index.near(kind, vector, max(k, DEEP)))

        def finish() -> Near:
            hits = self._hits(asked, len(held) * COMPARED_S * HEDGE)
            near = self._passed(held, hits, admitted)[:k]
            return near if len(near) == k else held.vectors.nearest(vector, k, admitted)

        return finish

    def check(self) -> None:
        """Ask Chroma what it holds and for something of it.

        While that fails, or is too little, Chroma is not asked.
        """
        if self._index is not None:
            self._probed(self._index, PATIENCE_S)

    def _probed(self, index: Index, patience_s: float | None) -> None:
        self._tried_at = time.monotonic()
        held = self._mirror.held(Kind.PRODUCT)

        def probe() -> int:
            # The first question after a start makes Chroma read its index.
            index.near(Kind.PRODUCT, [1.0] * DIMENSIONS, 1)
            return index.count(Kind.PRODUCT)

        try:
            found = _in_background(probe).result(patience_s)
        except (ServiceError, TimeoutError):
            self._note(away=True)
            return
        self._complete = found >= held.vectors.count() - LACKING
        self._note(away=False)

    def _asks_chroma(self, index: Index, held: Held, admitted: Mask | None) -> bool:
        count = len(held) if admitted is None else int(np.count_nonzero(admitted))
        if count <= FEW:
            return False
        late = self._late
        if late is not None and time.monotonic() >= late[1] + PATIENCE_S:
            self._late = None
            self._note(away=not late[0].done())
        if self.away and time.monotonic() >= self._tried_at + RETRY_S:
            self._tried_at = time.monotonic()
            _in_background(lambda: self._probed(index, None))
        return self._complete and not self.away

    def _hits(self, asked: Future[list[Hit]], patience_s: float) -> list[Hit]:
        """What Chroma found; nothing when it does not answer in time."""
        started = time.monotonic()
        try:
            return asked.result(patience_s)
        except ServiceError:
            self._note(away=True)
        except TimeoutError:
            # It may be busy only: whether it answers at all is seen later.
            self._late = self._late or (asked, started)
        return []

    def _note(self, *, away: bool) -> None:
        if away and not self.away:
            self._tried_at = time.monotonic()
            logger.warning("chroma does not answer; searching exactly in memory meanwhile")
        self.away = away

    def _passed(self, held: Held, hits: Sequence[Hit], admitted: Mask | None) -> Near:
        passes = held.alive if admitted is None else admitted
        rows = ((held.row_of.get(hit.id), hit.similarity) for hit in hits)
        return [
            (row, similarity)
            for row, similarity in rows
            if row is not None and row < len(passes) and passes[row]
        ]


def _in_background(work: Callable[[], _T]) -> Future[_T]:
    """Do something in a thread that nobody has to wait for, not even at the process's end."""
    done: Future[_T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            done.set_exception(error)

    threading.Thread(target=run, daemon=True, name="chroma").start()
    return done
