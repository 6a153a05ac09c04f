"""Runs a command so that it cannot outlive the process that started it.

``python -m core.child NICENESS COMMAND…`` becomes COMMAND. On Linux the kernel
kills it when its parent dies, however that died. Starts light: the imports of
a child are its own business.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(niceness: int, command: list[str]) -> None:
    """Replace this process by ``command``.

    Args:
        niceness: How far it steps back for others who want the processor, from 0.
        command: Words of the command line.

    Raises:
        SystemExit: There is no such command, or the parent is gone already.
    """
    if sys.platform == "linux":
        # The mark survives exec. SIGKILL, since nothing would be left to insist.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() == 1:
            sys.exit("core.child: the supervisor is gone")
    os.nice(niceness)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"core.child: cannot run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
