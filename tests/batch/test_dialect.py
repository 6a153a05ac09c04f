from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from batch.dialect import NO_DELIMITER, Dialect, repair, sniff
from core.errors import CatalogError
from core.stored_files import Stored, local

HTML = '"<p>Warm; soft, light | fine</p>\n<ul><li>a; b</li></ul>"'


def written(tmp_path: Path, content: bytes | str) -> Stored:
    path = tmp_path / "catalog.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return local(path)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"id,name\n1,Shirt\n", "utf-8"),
        ("id,name\n1,Größe\n".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "id,name\n1,Größe\n".encode(), "utf-8-sig"),
        ("id,name\n1,Größe\n".encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + "id,name\n1,Größe\n".encode("utf-16-be"), "utf-16"),
        ("id,name\n1,Größe\n".encode("utf-16-le"), "utf-16-le"),
        ("id,name\n1,Größe\n".encode("utf-16-be"), "utf-16-be"),
        ("id,name\n1,Größe “M” – 5 €\n".encode("cp1252"), "cp1252"),
        ("id,name\n1,Größe\x81\n".encode("latin-1"), "latin-1"),
        ("id,name\n1,Größe für Mädchen\n".encode() + b"2,Caf\xe9\n", "utf-8"),
        # The sample ends in the middle of a character.
        (b"id,name\n1," + "é".encode() * 40_000, "utf-8"),
    ],
)
def test_encoding(tmp_path: Path, content: bytes, encoding: str) -> None:
    assert sniff(written(tmp_path, content)).encoding == encoding


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("sku;name;price\n" + "1;Shirt, red, S;9,99\n" * 50, ";"),
        ("id;name, unit;price\n1;Shirt;9,99\n2;Hat;8,50\n", ";"),
        (f"id,body,price\n1,{HTML},5\n2,{HTML},6\n", ","),
        ("id\tname\ttext\n1\tShirt\tfine, soft; good\n", "\t"),
        ("id|name|tags\n1|Shirt|a,b,c\n2|Hat|d,e,f\n", "|"),
        ("id,name\n", ","),
        ("id,name,size,color\n1,Hat\n2,Shirt,L\n", ","),
        ("id,name\r1,Hat\r2,Shirt\r", ","),
        ("sep=;\r\nid;name, unit\r\n1;Hat\r\n", ";"),
        ('id,name\n1,"5" pipe"\n2,Hat\n', ","),
        ("title\nRed, warm shirt\nBlue hat; cap\n", NO_DELIMITER),
        ("Price, EUR\n12\n13\n", NO_DELIMITER),
        ('title\n"Red, warm"\n"Blue, cold"\n', NO_DELIMITER),
        ("title\n", NO_DELIMITER),
    ],
)
def test_delimiter(tmp_path: Path, content: str, delimiter: str) -> None:
    assert sniff(written(tmp_path, content)).delimiter == delimiter


def test_other_ways_to_quote(tmp_path: Path) -> None:
    backslash = sniff(written(tmp_path, 'id,name\n1,"5\\" pipe, steel"\n2,"6\\" pipe"\n'))
    assert backslash == Dialect(escapechar="\\")
    windows_path = sniff(written(tmp_path, 'id,name\n1,"C:\\photos\\"\n2,"D:\\"\n'))
    assert windows_path == Dialect()
    single = sniff(written(tmp_path, "'id','name'\n'1','Shirt, red'\n"))
    assert single == Dialect(quotechar="'", quote_all=True)
    spaced = sniff(written(tmp_path, 'id, name, price\n1, "Shirt, red", 5\n'))
    assert spaced == Dialect(skipinitialspace=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is empty"),
        (b" \r\n\n", "This file is empty"),
        (codecs.BOM_UTF8, "This file is empty"),
        (codecs.BOM_UTF16_LE, "This file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG image"),
        (b"\xff\xd8\xff\xe0 JFIF", "JPEG image"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04....[Content_Types].xml", "Excel file; save it as CSV"),
        (b"PK\x03\x04....photos/1.jpg", "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel file"),
        (b"\x1f\x8b\x08", "gzip"),
        (bytes(range(256)) * 20, "not a text file"),
    ],
)
def test_refuses_what_is_no_csv(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        sniff(written(tmp_path, content))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"“none\.csv” could not be opened"):
        sniff(local(tmp_path / "none.csv"))


def test_repair_reads_stray_bytes_as_windows_1252() -> None:
    line = "Größe ".encode() + b"\x93M\x94 \x81"
    assert repair(line.decode("utf-8", "surrogateescape")) == ("Größe “M” \x81", True)
    assert repair("Größe") == ("Größe", False)


@pytest.mark.parametrize(
    ("text", "line_end", "quote_all"),
    [
        ("id,name\n1,Tent\n", "\n", False),
        ("id;name\r\n1;Tent\r\n", "\r\n", False),
        ('"id","name"\r\n"1","Tent"\r\n', "\r\n", True),
        ('"id","na,me"\n"1","Tent"\n', "\n", False),
        ('"id",name\n"1",Tent\n', "\n", False),
        ('\n"id"\t"name"\n"1"\t"Tent"', "\n", True),
    ],
)
def test_line_ends_and_quotes_are_remembered(
    tmp_path: Path, text: str, line_end: str, quote_all: bool
) -> None:
    found = sniff(written(tmp_path, text))
    assert (found.line_end, found.quote_all) == (line_end, quote_all)
