"""Processes that begin where ``python -m`` has done its imports.

A worker's imports take a second and a half of processor, and hundreds of workers are
started: all of a session's are forked from one process that has imported everything
and done nothing.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

#: What is imported once.
MODULES = ("batch.worker",)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(MODULES))


class Forked:
    """A process of its own, which is told things and waited for like any other.

    Args:
        module: Its ``main()`` is called, as ``python -m`` would.
        environment: All its variables.
        log: What it says is added to this file.
        before: Python that is run first, such as to set a constant.
    """

    def __init__(
        self, module: str, environment: Mapping[str, str], log: Path, before: str = ""
    ) -> None:
        arguments = (module, dict(environment), str(log), before)
        self._process: ForkServerProcess = _context.Process(target=_begin, args=arguments)
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


def _begin(module: str, environment: dict[str, str], log: str, before: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    number = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(number, 1)
    os.dup2(number, 2)
    os.close(number)
    exec(before, {})
    importlib.import_module(module).main()
