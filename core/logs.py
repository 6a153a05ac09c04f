"""How a process of ours logs: one line each, with the time, and never a secret."""

from __future__ import annotations

import logging

from core import redaction

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
#: Each of their requests would leave a line, and a day of jobs has many.
_TALKATIVE = ("httpx", "httpx2")


def begin(level: int = logging.INFO) -> None:
    """Log to standard error from now on; to be called before anything else."""
    redaction.install()
    logging.basicConfig(level=level, format=FORMAT)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
