"""The engine's queues: looked into at once where something was put, and rarely while nothing is.

The engine (DBOS) asks its database for each queue all the time, however little there is to
do, and cannot be told that there is. So its threads are started here, and wait for a bell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from dbos import DBOS
from dbos._queue import queue_worker_thread

#: How often a queue is looked into that nobody has rung for: what was given back to it by
#: somebody else, and concerns nothing that our tables tell of, is found then.
IDLE_S = 10.0


class Queues:
    """The queues of a worker; made before the engine is launched.

    Args:
        engine: What is to be launched.
    """

    def __init__(self, engine: DBOS) -> None:
        self._engine = engine
        self._bells: list[_Bell] = []
        DBOS.listen_queues([])

    def open(self, name: str, at_once: int | None = None) -> None:
        """Begin what is put into a queue.

        Args:
            name: The queue.
            at_once: How much of it this worker does at the same time; None: any number.
        """
        queue = DBOS.register_queue(name, worker_concurrency=at_once, polling_interval_sec=IDLE_S)
        bell = _Bell()
        self._bells.append(bell)
        threading.Thread(
            target=queue_worker_thread,
            args=(bell, self._engine, queue),
            name=f"queue {name}",
            daemon=True,
        ).start()

    def put(self, name: str, workflow: Callable[..., None], *given: Any) -> None:
        """Have a workflow begun as soon as there is room for it."""
        DBOS.enqueue_workflow(name, workflow, *given)
        self.ring()

    def ring(self) -> None:
        """Have every queue looked into at once."""
        for bell in self._bells:
            bell.ring()


class _Bell(threading.Event):
    """As an engine's thread sees it: the sign to end, which it waits for between two looks."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it rings, or as long as the engine would."""
        self._rung.wait(timeout)
        self._rung.clear()
        return self.is_set()
