"""What a process and all its children take: CPU time and memory, looked at as they run."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import psutil

LOOK_S = 0.2


class Meter:
    """Looks at a tree of processes several times a second, until it ends or the block does.

    Memory is the sum of the resident sets: pages that processes share count twice.
    """

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._seen: list[tuple[float, float]] = [(time.time(), 0.0)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_mb = 0.0

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def ended(self, cpu_s: float) -> None:
        """The process has ended and took so much CPU time in all."""
        self._stop.set()
        self._thread.join()
        self._seen.append((time.time(), cpu_s))

    def cpu_s(self, at: float) -> float:
        """CPU seconds taken up to a time (since the epoch), between two looks by proportion."""
        before = (self._seen[0][0], 0.0)
        for after in self._seen:
            if after[0] >= at:
                gone = (at - before[0]) / max(1e-9, after[0] - before[0])
                return before[1] + max(0.0, gone) * (after[1] - before[1])
            before = after
        return before[1]

    def _watch(self) -> None:
        while True:
            try:
                self._look()
            except psutil.NoSuchProcess:
                return
            if self._stop.wait(LOOK_S):
                return

    def _look(self) -> None:
        cpu_s, memory = 0.0, 0
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                cpu_s += sum(process.cpu_times()[:4])
                memory += process.memory_info().rss
            except psutil.NoSuchProcess:
                if process is self._root:
                    raise
        self._seen.append((time.time(), cpu_s))
        self.peak_mb = max(self.peak_mb, memory / 1e6)
