"""Files that are no catalogs, or catalogs that nobody means well with."""

from __future__ import annotations

import io
import random
import zipfile

import pytest

from batch import uploads
from batch.catalog import LONGEST_NAME, MOST_COLUMNS
from core.db import Database
from core.errors import CatalogError
from core.settings import Settings

CHANCE = random.Random(4)


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", CHANCE.randbytes(9_000))
    return target.getvalue()


def wide(columns: int) -> bytes:
    row = ",".join("x" for _ in range(columns))
    return f"{','.join(f'c{at}' for at in range(columns))}\n{row}\n".encode()


#: What has to be refused, and a word of why.
REFUSED = {
    "an Excel file": (archive(), "Excel"),
    "half an Excel file": (archive()[:900], "Excel"),
    "an image": (b"\x89PNG\r\n\x1a\n" + CHANCE.randbytes(5_000), "PNG"),
    "gzip": (b"\x1f\x8b\x08" + CHANCE.randbytes(3_000), "gzip"),
    "a program": (b"\x7fELF" + CHANCE.randbytes(5_000), "not a text"),
    "noise": (CHANCE.randbytes(200_000), "not a text"),
    "nothing": (b"", "empty"),
    "NUL": (b"\0" * 100_000, "empty"),
    "lines": (b"\n" * 100_000, "empty"),
    "quotes": (b'"' * 100_001, "quote"),
    "an open quote": (b'id,title\n1,"' + b"x\n" * 100_000, "Row 1 opens a quote"),
    "separators": (b"a" + b"," * 100_000 + b"\n1\n", f"at most {MOST_COLUMNS:,} columns"),
    "10,000 columns": (wide(10_000), "10,000 cells; a catalog has at most 2,000 columns"),
    "one line": (b"id,title" * 100_000, "on a line of its own"),
    "no line": (b"a" * 1_000_000, f"the longest may have {LONGEST_NAME:,}"),
    "a long header": (b"id," + b"h" * 100_000 + b"\n1,2\n", "Column 2 has a name of 100,000"),
    "JSON": (b'[{"id":1,"t":"x"}]' * 1_500, "no products under it"),
    "a broken end": (b"\xff\xfe" + "id,t\n1,x\n".encode("utf-16-le") + b"\0", "UTF-16"),
}
#: What is odd and can be read; how many rows it has.
READ = {
    "a cell of 5 MB": (b"id,title\n1," + b"word " * 1_000_000 + b"\n2,ok\n", 2),
    "many columns": (wide(1_000), 1),
    "columns of one name": (b",".join([b"a"] * 900) + b"\n" + b",".join([b"1"] * 900), 1),
    "no letters": (b"id,t\n1,\xff\xfe\xc3\n" * 3, 5),
    "too long forms": (b"id,t\n1,\xc0\xaf\n", 1),
    "half of a pair": (b"id,t\n1,\xed\xa0\x80\n", 1),
    "the end of a file": (b"id,t\n1,x\x1a\n", 1),
    "formulas for names": (b"=cmd|' /C calc'!A0,@x,+y,-z\n1,2,3,4\n", 1),
    "lines in names": (b'"i\nd","t\r\n2"\n1,2\n', 1),
    "rows of any length": (
        b"id,t\n" + b"\n".join(b",".join([b"x"] * (at % 40 + 1)) for at in range(400)),
        400,
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_catalog_is_refused_with_a_reason_and_leaves_nothing(
    settings: Settings, db: Database, what: str
) -> None:
    data, why = REFUSED[what]
    with pytest.raises(CatalogError, match=why):
        uploads.store(settings, db, "catalog.csv", io.BytesIO(data))
    kept = settings.home / "uploads"
    assert not kept.exists() or not list(kept.iterdir())


@pytest.mark.parametrize("what", READ)
def test_what_is_odd_is_read_to_its_end(settings: Settings, db: Database, what: str) -> None:
    data, rows = READ[what]
    upload = uploads.store(settings, db, "../../catalog\0.csv", io.BytesIO(data))
    assert upload.catalog.rows == rows
    assert uploads.preview(settings, upload)
    assert uploads.guess(settings, upload)
    assert uploads.get(db, upload.id).name == "../../catalog.csv"
    # What the file is called is only ever said: it is kept under a name of ours.
    assert not (settings.home.parent / "catalog.csv").exists()
