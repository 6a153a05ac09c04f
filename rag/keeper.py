"""Keeps a searching process up to date in a thread of its own, so that no search has to.

Searches do the same themselves when it is not running, or is late.
"""

from __future__ import annotations

import logging
import threading
import time

from core.errors import ServiceError
from rag.dense import DenseSearch
from rag.mirror import Mirror

logger = logging.getLogger(__name__)

#: So often that few questions find something new that nobody has taken in.
LOOK_S = 0.7
#: How often Chroma is asked how much it holds.
CHECK_S = 5.0


class Keeper:
    """Looks at what changed, and at Chroma, until it is closed."""

    def __init__(self, mirror: Mirror, dense: DenseSearch) -> None:
        self._mirror = mirror
        self._dense = dense
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._checked_at = float("-inf")
        self._failed = False

    def start(self) -> None:
        """Begin, unless it has begun already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="mirror")
            self._thread.start()

    def close(self) -> None:
        """End after the look that is going on."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Look once."""
        try:
            self._mirror.refresh()
            self._failed = False
        except ServiceError as error:
            if not self._failed:
                logger.warning("cannot see what changed in the shop: %s", error)
            self._failed = True
        if time.monotonic() >= self._checked_at + CHECK_S:
            self._dense.check()
            self._checked_at = time.monotonic()

    def _run(self) -> None:
        while not self._closing.wait(LOOK_S):
            self.look()
