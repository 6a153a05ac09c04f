from __future__ import annotations

from pathlib import Path

import pytest

from batch.columns import Columns
from batch.ids import check_ids, row_key
from batch.notes import Note
from batch.table import write_table
from core.errors import CatalogError
from core.stored_files import Stored, local


def stored(tmp_path: Path, ids: list[str]) -> Stored:
    path = local(tmp_path / "t.parquet")
    with write_table(path, ("sku",)) as writer:
        for written in ids:
            writer.add([written])
    return path


def test_good_ids(tmp_path: Path) -> None:
    assert check_ids(stored(tmp_path, ["a", "b", "A"]), "sku") == ()


def test_ids_that_occur_twice(tmp_path: Path) -> None:
    ids = ["a", "b", " a ", *(f"n{number}" for number in range(1200)), "b", "a"]
    assert check_ids(stored(tmp_path, ids), "sku") == (
        Note(1, "sku", "“a” is the “sku” of row 1 and of row 3 (and 1 more)."),
        Note(2, "sku", "“b” is the “sku” of row 2 and of row 1,204."),
    )


def test_missing_ids(tmp_path: Path) -> None:
    one = check_ids(stored(tmp_path, ["a", " ", "b"]), "sku")
    assert one == (Note(2, "sku", "Row 2 has no “sku” (first: row 2); “row-2” is used instead."),)
    (two,) = check_ids(stored(tmp_path, ["", "a", ""]), "sku")
    assert two.message.startswith("2 rows have no “sku” (first: row 1)")


def test_no_id_at_all(tmp_path: Path) -> None:
    (note,) = check_ids(stored(tmp_path, ["", ""]), "sku")
    assert note.message.startswith("2 rows have no “sku”")


def test_progress_and_unknown_column(tmp_path: Path) -> None:
    path = stored(tmp_path, [str(number) for number in range(1500)])
    seen: list[tuple[int, int]] = []
    check_ids(path, "sku", lambda done, total: seen.append((done, total)))
    assert seen == [(1000, 1500), (1500, 1500)]
    with pytest.raises(CatalogError, match="no column “id”"):
        check_ids(path, "id")


@pytest.mark.parametrize(
    ("cell", "key"), [(" A-1 ", "A-1"), ("", "row-17"), ("  ", "row-17"), (None, "row-17")]
)
def test_row_key(cell: str | None, key: str) -> None:
    row = {} if cell is None else {"sku": cell}
    assert row_key(17, row, Columns(id="sku")) == key
    assert row_key(17, row, Columns()) == "row-17"


def test_two_ids_that_share_a_hash_are_not_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.ids.hash", lambda _: 0, raising=False)
    (note,) = check_ids(stored(tmp_path, ["a", "b", "c", "b"]), "sku")
    assert note.message == "“b” is the “sku” of row 2 and of row 4."
