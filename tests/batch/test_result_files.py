from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.result_files import safe_name, write_lines


def test_write_lines_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "out.csv"
    write_lines(path, [b"one\n", b"two\n"])
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o644

    def broken() -> Iterator[bytes]:
        yield b"three\n"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(path, broken())
    assert path.read_bytes() == b"one\ntwo\n"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Autumn catalog 2026.csv", "Autumn-catalog-2026.csv.csv"),
        ("../../etc/passwd", "etc-passwd.csv"),
        ('a<b>:"c"|d?*\\e', "a-b-c-d-e.csv"),
        ("Größe", "Größe.csv"),
        ("", "results.csv"),
        ("...", "results.csv"),
        ("con", "con-results.csv"),
        ("x" * 200, "x" * 80 + ".csv"),
        ("a\r\nb\0", "a-b.csv"),
    ],
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text, ".csv") == name
