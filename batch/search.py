"""Rows of a catalog by the words that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from batch.jobs import Job
from batch.table import read_groups
from batch.uploads import table_path
from core.settings import Settings

_NUMBER = re.compile(r"#?\s*(\d{1,9})")


def matching(settings: Settings, job: Job, words: str, first_row: int = 1) -> Iterator[list[int]]:
    """The numbers of rows with all of these words, or of the row with this number.

    Looks at what the model reads, and at the id and the title, whatever the case.

    Yields:
        Rising numbers, those of one block of the catalog at a time.

    Raises:
        CatalogError: The stored catalog is missing or damaged.
    """
    numbered = _NUMBER.fullmatch(words.strip())
    number = int(numbered[1]) if numbered else 0
    named = (job.columns.id, job.columns.title, *job.columns.text)
    columns = list(dict.fromkeys(name for name in named if name))
    for base, table in read_groups(table_path(settings, job.upload_id), columns, first_row):
        here = _with_words(table, words.split())
        found = [base + 1 + offset for offset in pc.indices_nonzero(here).to_pylist()]
        if base < number <= base + table.num_rows:
            found = sorted({*found, number})
        if wanted := [one for one in found if one >= first_row]:
            yield wanted


def _with_words(table: pa.Table, words: list[str]) -> pa.ChunkedArray:
    every = pa.scalar(True)
    for word in words:
        some = pa.scalar(False)
        for column in table.columns:
            some = pc.or_(some, pc.match_substring(column, word, ignore_case=True))
        every = pc.and_(every, some)
    return every
