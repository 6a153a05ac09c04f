"""The names of processes that hold leases, and whether one of them is known to be dead."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from functools import cache
from pathlib import Path


@cache
def machine() -> str:
    """Where process ids mean the same: a machine, or a container on it."""
    namespace = ""
    if sys.platform == "linux":
        try:
            namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
        except OSError:
            namespace = "?"
    return f"{socket.gethostname()[:40].replace(':', '-')}/{namespace}"


def new_name() -> str:
    """A name for this process that no other one has, on any machine."""
    return f"{machine()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(holder: str) -> bool:
    """Whether a process is surely dead: it ran here, and there is none of its id any more.

    One on another machine is believed to live until its leases expire.
    """
    where, _, rest = holder.partition(":")
    number = rest.partition(":")[0]
    if where != machine() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it is there, but another user's
    return False
