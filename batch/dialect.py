"""How a merchant's file is written: encoding, delimiter, quotes.

Judges the first 64 KB of a file and refuses what is no text at all. Knows
nothing of rows, columns or where they are stored.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import CatalogError
from core.stored_files import Stored

SAMPLE_BYTES = 65_536
DELIMITERS = (",", ";", "\t", "|")
#: Stands for "no delimiter": a one-column file may hold any of the others as text.
NO_DELIMITER = "\x1f"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE_AS_CSV = "Open it in the program that made it and save it as “CSV UTF-8”."
_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", f"This is an Excel file, not a CSV. {_SAVE_AS_CSV}"),
    (b"\x89PNG", "This is a PNG image, not a CSV. Please choose the catalog file."),
    (b"\xff\xd8\xff", "This is a JPEG image, not a CSV. Please choose the catalog file."),
    (b"GIF8", "This is a GIF image, not a CSV. Please choose the catalog file."),
    (b"%PDF", f"This is a PDF, not a CSV. {_SAVE_AS_CSV}"),
    (b"\x1f\x8b", "This is a compressed (gzip) file. Unpack it and choose the CSV inside."),
    (b"PAR1", f"This is a Parquet file, not a CSV. {_SAVE_AS_CSV}"),
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0c\x1b"))
_DAMAGE = re.compile("[\udc80-\udcff]+")
_SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to turn a file's bytes into cells.

    Attributes:
        encoding: A Python codec name.
        delimiter: Between two cells; :data:`NO_DELIMITER` in a one-column file.
        quotechar: Around a cell that holds delimiters or line breaks.
        escapechar: Before a quote inside a quoted cell; None where it is doubled.
        skipinitialspace: Whether a space after a delimiter is no part of the cell.
        skip_lines: Lines before the header that are no data (Excel's ``sep=;``).
        line_end: Between two rows.
        quote_all: Whether every cell is quoted, not only those that need it.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str = '"'
    escapechar: str | None = None
    skipinitialspace: bool = False
    skip_lines: int = 0
    line_end: str = "\n"
    quote_all: bool = False

    @property
    def decode_errors(self) -> str:
        """The codec's error mode: bytes that :func:`repair` mends later, or none such."""
        return "strict" if self.encoding.startswith("utf-16") else "surrogateescape"


def sniff(source: Stored) -> Dialect:
    """Find out how a file is written.

    Raises:
        CatalogError: The file is missing, empty or no text.
    """
    try:
        with source.open() as file:
            head = file.read(SAMPLE_BYTES + 1) or b""
    except OSError as error:
        raise CatalogError(f"The file “{source.name}” could not be opened: {error}") from error
    head, whole = head[:SAMPLE_BYTES], len(head) <= SAMPLE_BYTES
    _refuse_other_kinds(head)
    encoding = _encoding(head)
    text = _decode(head, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise CatalogError("This file is empty. Please choose a CSV with a header and products.")
    _refuse_binary(head, encoding)
    return _with_style(_layout(encoding, text.replace("\0", ""), whole), text)


def repair(line: str) -> tuple[str, bool]:
    """Read the bytes that did not fit the encoding as Windows-1252.

    Args:
        line: Text decoded with ``surrogateescape``.

    Returns:
        The readable text, and whether anything had to be repaired.
    """
    if line.isascii():
        return line, False
    repaired, count = _DAMAGE.subn(lambda bad: _as_windows(bad[0]), line)
    return repaired, count > 0


def _as_windows(escaped: str) -> str:
    raw = escaped.encode("ascii", "surrogateescape")
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _refuse_other_kinds(head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        if b"xl/" in head or b"[Content_Types].xml" in head:
            raise CatalogError(f"This is an Excel file; save it as CSV. {_SAVE_AS_CSV}")
        raise CatalogError("This is a ZIP archive. Unpack it and choose the CSV inside.")
    for signature, message in _SIGNATURES:
        if head.startswith(signature):
            raise CatalogError(message)


def _refuse_binary(head: bytes, encoding: str) -> None:
    if encoding.startswith("utf-16"):
        return
    controls = len(head) - len(head.translate(None, _CONTROLS))
    # A few stray control characters are mended row by row; pictures and archives have thousands.
    if controls > max(8, len(head) // 20):
        raise CatalogError(f"This is not a text file, so it cannot be a CSV. {_SAVE_AS_CSV}")


def _encoding(head: bytes) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if wide := _wide_encoding(head):
        return wide
    text = _decode(head, "utf-8")
    damaged = sum(map(len, _DAMAGE.findall(text)))
    letters = sum(not character.isascii() for character in text) - damaged
    # One broken letter among many sound ones: still UTF-8, mended where it is broken.
    if letters >= damaged:
        return "utf-8"
    try:
        head.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of Western text is NUL."""
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    if odd.count(0) > len(odd) * 0.4 and even.count(0) < len(even) * 0.05:
        return "utf-16-le"
    if even.count(0) > len(even) * 0.4 and odd.count(0) < len(odd) * 0.05:
        return "utf-16-be"
    return None


def _decode(head: bytes, encoding: str) -> str:
    # Incremental: the sample may end in the middle of a character.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return codecs.getincrementaldecoder(encoding)(errors).decode(head)


def _layout(encoding: str, text: str, whole: bool) -> Dialect:
    """Delimiter and quotes of the sample, by parsing it in every plausible way."""
    if hint := _SEPARATOR_LINE.match(text):
        return Dialect(encoding, delimiter=hint[1], skip_lines=1)
    header = text.lstrip().partition("\n")[0].strip()
    quote = "'" if header.startswith("'") and header.endswith("'") else '"'
    escapes: tuple[str | None, ...] = (None, "\\") if f"\\{quote}" in text else (None,)
    candidates = (
        Dialect(encoding, delimiter, quote, escape, spaced)
        for delimiter in DELIMITERS
        for escape in escapes
        for spaced in ((False, True) if f"{delimiter} {quote}" in text else (False,))
    )
    best, score = Dialect(encoding, NO_DELIMITER, quote), 0.0
    for candidate in candidates:
        if (fit := _fit(candidate, text, whole)) > score:
            best, score = candidate, fit
    return best


def _with_style(dialect: Dialect, text: str) -> Dialect:
    """The dialect with what makes no difference to a reader, for files that look the same."""
    for _ in range(dialect.skip_lines):
        text = text.partition("\n")[2]
    breaks = ("\r\n", "\n", "\r")
    line_end = next((one for one in breaks if one in text), "\n")
    quote = dialect.quotechar
    first = text.lstrip("\ufeff\r\n").partition(line_end)[0]
    between = f"{quote}{dialect.delimiter}{quote}"
    wrapped = len(first) > 1 and first[0] == first[-1] == quote
    quote_all = wrapped and first.count(dialect.delimiter) == first.count(between)
    return replace(dialect, line_end=line_end, quote_all=quote_all)


def _fit(dialect: Dialect, text: str, whole: bool) -> float:
    """How well rows agree with their header, 0 where nothing is delimited."""
    rows, clean = _trial(dialect, text)
    if not whole and len(rows) > 1:
        rows.pop()
    width = len(rows[0]) if rows else 0
    widths = [len(row) for row in rows[1:]]
    if width < 2 or (widths and max(widths) < 2):
        return 0.0
    agreement = sum(min(width, other) / max(width, other) for other in widths)
    share = agreement / len(widths) if widths else 1.0
    # Among equals, the one that finds more columns; a parse that broke off comes last.
    return share * (1.0 if clean else 0.5) + width / 100_000


def _trial(dialect: Dialect, text: str) -> tuple[list[list[str]], bool]:
    lines = io.StringIO(text, newline="")
    rows: list[list[str]] = []
    try:
        for row in cells(dialect, lines):
            if any(row):
                rows.append(row)
    except csv.Error as error:
        # A quote opened in the header and never closed: its width still tells the delimiter.
        first = rows or [next(cells(dialect, io.StringIO(text, newline=""), strict=False), [])]
        return first, "unexpected end" in str(error)
    return rows, True


def cells(dialect: Dialect, lines: Iterator[str], strict: bool = True) -> Iterator[list[str]]:
    """Parse lines into rows of cells.

    Raises:
        csv.Error: A quote is out of place (only if ``strict``).
    """
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quotechar,
        escapechar=dialect.escapechar,
        skipinitialspace=dialect.skipinitialspace,
        doublequote=True,
        strict=strict,
    )
