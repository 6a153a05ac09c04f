"""Processes that begin where ``python -m`` has done its imports.

A worker's imports take a second and a half of processor, and hundreds of workers are
started: all of a session's are forked from one process that has imported everything
and done nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["batch.worker", "batch.__main__", "core.__main__"])


class Forked:
    """A process of its own, which is told things and waited for like any other.

    Args:
        script: What it runs, such as ``from batch.worker import main; main()``.
        arguments: Of its command line.
        environment: All its variables.
        log: What it says is added to this file.
        output: Where its standard output goes, if not there, too.
    """

    def __init__(
        self,
        script: str,
        *arguments: str,
        environment: Mapping[str, str],
        log: Path,
        output: Path | None = None,
    ) -> None:
        given = (script, arguments, dict(environment), output or log, log)
        self._process: ForkServerProcess = _context.Process(target=_begin, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout_s: float) -> int:
        """Its exit code, as soon as there is one.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        self._process.join(timeout_s)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout_s)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()


def _begin(
    script: str, arguments: Sequence[str], environment: dict[str, str], output: Path, log: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((1, output), (2, log)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = ["python", *arguments]
    exec(script, {"__name__": "__main__"})
