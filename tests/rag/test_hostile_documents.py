"""Documents that nobody means well with: read within bounds, or refused with what to do."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

import pytest

from core.errors import CatalogError
from rag import reading
from rag.headings import first_heading
from rag.markup import plain, plain_markdown
from rag.reading import read
from rag.visible import without_hidden
from tests.rag.office_files import docx, pdf, pdf_of

_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LAUGHS = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 10))


def word(body: str) -> bytes:
    """A Word file with this for its text."""
    source, target = zipfile.ZipFile(io.BytesIO(docx())), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for item in source.infolist():
            is_body = item.filename == "word/document.xml"
            packed.writestr(item, body if is_body else source.read(item))
    return target.getvalue()


def drawn(stream: bytes, *, filters: str = "/FlateDecode", more: bytes = b"") -> bytes:
    """A PDF of one page that is drawn by a packed stream."""
    form = b"/XObject << /F0 6 0 R >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << "
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            page + b"/Font << /F 3 0 R >> " + form + b" >> >>",
            f"<< /Filter [{filters}] /Length {len(stream)} >>\nstream\n".encode()
            + stream
            + b"\nendstream",
            more,
        ]
    )


def circle() -> bytes:
    """A PDF whose pages are themselves."""
    pages = b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>"
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def drawing_itself() -> bytes:
    """A PDF with a drawing that holds itself twice."""
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 13 /Resources "
    form += b"<< /XObject << /F0 6 0 R >> >> >>\nstream\n/F0 Do /F0 Do\nendstream"
    return drawn(zlib.compress(b"/F0 Do"), more=form)


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a million elements in one another": (
        "a.html",
        lambda: b"<div>" * 300_000 + b"x" + b"</p>" * 300_000,
        "has no text|may be damaged|took longer",
    ),
    "tags that never end": ("a.md", lambda: b"<div " * 90_000, "never ends"),
    "comments that never end": ("a.md", lambda: b"<!--a>" * 80_000, "never ends"),
    "an encoding that is none": ("a.html", lambda: b"<meta charset=zlib>x", "Save it as UTF-8"),
    "an encoding that always fails": ("a.html", lambda: b"<meta charset=undefined>x", "UTF-8"),
    "half of a letter": ("a.txt", lambda: b"\xff\xfe\x00\xd8", "Save it as UTF-8"),
    "an odd end": ("a.txt", lambda: b"\xff\xfea", "Save it as UTF-8"),
    "18 MB of front matter": ("a.md", lambda: b"---\n" * 4_500_000, "500,000 characters"),
    "entities": ("a.html", lambda: b"&lt;" * 1_000_000, "500,000 characters"),
    "a PDF that unpacks to 300 MB": (
        "a.pdf",
        lambda: drawn(zlib.compress(b"BT /F 9 Tf 50 700 Td (x) Tj ET\n" * 10_000_000, 1)),
        "may be damaged|took longer|500,000 characters",
    ),
    "a PDF that is packed twice": (
        "a.pdf",
        lambda: drawn(
            zlib.compress(zlib.compress(b" " * 200_000_000)), filters="/FlateDecode /FlateDecode"
        ),
        "has no text|may be damaged",
    ),
    "pages that are themselves": ("a.pdf", circle, "may be damaged|has no text"),
    "a drawing in itself": ("a.pdf", drawing_itself, "may be damaged|has no text|took longer"),
    "half a PDF": ("a.pdf", lambda: pdf([[(11, "Text.")]])[:300], "may be damaged"),
    "entities of entities": (
        "a.docx",
        lambda: word(
            f'<!DOCTYPE w:document [<!ENTITY a0 "ha ">{_LAUGHS}]><w:document {_WORD}><w:body><w:p>'
            "<w:r><w:t>&a9;</w:t></w:r></w:p></w:body></w:document>"
        ),
        "has no text|may be damaged",
    ),
    "a file of this machine": (
        "a.docx",
        lambda: word(
            f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document {_WORD}>'
            "<w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
        ),
        "has no text|may be damaged",
    ),
}
#: What is odd, and is read: with what it then says.
READ: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "lines without end": ("a.md", lambda: b"\n" * 490_000 + b"x", "x"),
    "spaces without end": ("a.md", lambda: b" " * 490_000 + b"x", "x"),
    "a heading with a gap": ("a.md", lambda: b"# a" + b" " * 400_000 + b"b #", "b"),
    "a heading of brackets": ("a.md", lambda: b"# " + b"[" * 400_000 + b"](", "[["),
    "links that never end": ("a.md", lambda: b"# " + b"[a](" * 100_000, "[a]("),
    "signs of emphasis": ("a.md", lambda: b"*_`" * 160_000, "*_`"),
    "a table of bars": ("a.md", lambda: b"|:-" * 160_000, "|:-"),
    "one long word": ("a.txt", lambda: b"a" * 490_000, "aaa"),
    "1,500 pages": ("a.pdf", lambda: pdf([[(11, f"Rule {at}.")] for at in range(1_500)]), "1499"),
    "a broken table of places": (
        "a.pdf",
        lambda: pdf([[(11, "We open at nine.")]]).replace(b"0000000", b"9999999"),
        "We open at nine.",
    ),
    "tables in tables": (
        "a.docx",
        lambda: word(
            f"<w:document {_WORD}><w:body>{'<w:tbl><w:tr><w:tc>' * 5_000}<w:p><w:r><w:t>deep</w:t>"
            f"</w:r></w:p>{'</w:tc></w:tr></w:tbl>' * 5_000}</w:body></w:document>"
        ),
        "deep",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_harms_is_refused_with_what_to_do(what: str) -> None:
    name, make, why = REFUSED[what]
    with pytest.raises(CatalogError, match=why) as caught:
        read(name, make())
    assert f"“{name}”" in caught.value.message


@pytest.mark.parametrize("what", READ)
def test_what_is_only_odd_is_read(what: str) -> None:
    name, make, said = READ[what]
    found = read(name, make())
    assert said in found.text
    assert len(found.title) <= reading.LONGEST_TITLE


def test_a_text_that_is_typed_is_bounded_like_a_file() -> None:
    with pytest.raises(CatalogError, match="never ends"):
        reading.typed("Returns", "<div " * 90_000)


@pytest.mark.parametrize("text", ["[" * 1_000_000 + "](", "<b " * 500_000, "<!--a>" * 300_000])
def test_a_cell_of_a_catalog_takes_no_minutes(text: str) -> None:
    assert plain(f"Lantern {text}").startswith("Lantern")


def test_elements_in_one_another_are_looked_at_once_each() -> None:
    deep = "<div>" * 100_000 + "seen<p hidden>not</p>" + "</b>" * 100_000
    assert without_hidden(deep).split() == ["seen"]


def test_headings_and_links_are_read_as_before() -> None:
    assert first_heading("text\n## Wrapping # free ##") == "Wrapping # free"
    assert plain_markdown("See [how](https://a.example/x) and ![p](y).") == "See how and p."
    assert plain("[![alt](https://a.example/p)](https://a.example/)") == "alt"
