from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from batch.table import SHARD_ROWS, read_column, read_table, table_info, write_table
from core.errors import CatalogError
from core.stored_files import Stored, local


@pytest.fixture
def table(tmp_path: Path) -> Stored:
    path = local(tmp_path / "t.parquet")
    with write_table(path, ("a", "a.b", "spare")) as writer:
        for number in range(1, 2501):
            writer.add([str(number), f"x{number}", ""])
        writer.show(("a", "a.b"))
    return path


def test_row_groups_are_whole_shards(table: Stored) -> None:
    file = pq.ParquetFile(table.path)
    sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sizes == [SHARD_ROWS, SHARD_ROWS, 500]


def test_info_hides_what_is_not_shown(table: Stored) -> None:
    assert table_info(table) == (("a", "a.b"), 2500)


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [
        (1, 2, [1, 2]),
        (999, 3, [999, 1000, 1001]),
        (1001, 1, [1001]),
        (2499, None, [2499, 2500]),
        (2500, 10, [2500]),
        (2501, None, []),
        (1, 0, []),
    ],
)
def test_read_a_range(table: Stored, first: int, count: int | None, expected: list[int]) -> None:
    rows = list(read_table(table, first, count))
    assert [number for number, _ in rows] == expected
    assert all(row == {"a": str(number), "a.b": f"x{number}"} for number, row in rows)


def test_reads_only_the_groups_it_needs(table: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    original = pq.ParquetFile.read_row_group

    def spy(self: pq.ParquetFile, group: int, **rest: object) -> object:
        groups.append(group)
        return original(self, group, **rest)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", spy)
    assert len(list(read_table(table, 1500, 600))) == 600
    assert groups == [1, 2]


def test_a_name_with_a_dot_is_no_nesting(table: Stored) -> None:
    assert next(read_column(table, "a"))[:2] == ["1", "2"]
    assert next(read_column(table, "a.b"))[:2] == ["x1", "x2"]
    assert sum(map(len, read_column(table, "a"))) == 2500


def test_unknown_column(table: Stored) -> None:
    with pytest.raises(CatalogError, match="no column “spare”"):
        next(read_column(table, "spare"))


def test_missing_and_damaged_tables(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no longer there"):
        table_info(local(tmp_path / "none.parquet"))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(CatalogError, match="damaged"):
        next(read_table(local(tmp_path / "bad.parquet")))


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    table = local(tmp_path / "t.parquet")
    with pytest.raises(RuntimeError), write_table(table, ("a",)) as writer:
        writer.add(["1"])
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
