from __future__ import annotations

import subprocess
import sys

from core import holders


def test_names_are_never_the_same() -> None:
    assert len({holders.new_name() for _ in range(100)}) == 100


def test_a_process_is_gone_when_it_has_ended_and_only_where_it_ran() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "from core import holders; print(holders.new_name()); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    assert not holders.is_gone(name)
    child.communicate("\n")
    assert holders.is_gone(name)
    assert not holders.is_gone(f"elsewhere/{name.partition('/')[2]}")
    assert not holders.is_gone("nonsense")
    assert not holders.is_gone(holders.new_name())
