"""Files as merchants have them, read into the text that the chat searches."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from core.errors import CatalogError
from rag import reading
from rag.reading import read
from tests.rag.office_files import docx, pdf

PAGE = """<!doctype html><html><head><title>Our page</title><style>p {}</style></head><body>
<nav>Home</nav><h1>Gift wrapping</h1><p>We wrap for <b>$4</b>.</p><h2>Ribbons</h2>
<table><tr><th>Colour</th><th>Price</th></tr><tr><td>Red</td><td>$1</td></tr></table>
%s</body></html>"""


def test_a_page_becomes_markdown_with_its_headings_and_tables() -> None:
    found = read("gifts.html", (PAGE % "").encode())
    assert found.title == "Gift wrapping"
    assert "We wrap for **$4**." in found.text
    assert "## Ribbons" in found.text
    assert "| Red    | $1    |" in found.text
    assert "Our page" not in found.text
    assert "Home" not in found.text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>SECRET</script>",
        "<!-- SECRET -->",
        "<template>SECRET</template>",
        "<p hidden>SECRET</p>",
        '<p style="display : none">a<br>SECRET</p>',
        '<div style="visibility:hidden"><p>SECRET</p></div>',
        '<span style="font-size:0">SECRET</span>',
        '<span style="font-size: 1px">SECRET</span>',
        '<div style="opacity: 0.0">SECRET</div>',
        '<p style="position:absolute; left:-9999px">SECRET</p>',
        '<b style="color:transparent">SECRET</b>',
        "<svg><text>SECRET</text></svg>",
        '<iframe srcdoc="SECRET">SECRET</iframe>',
    ],
)
@pytest.mark.parametrize("name", ["a.html", "a.md"])
def test_what_no_reader_sees_is_left_out(name: str, hidden: str) -> None:
    text = PAGE % hidden if name == "a.html" else f"# Gifts\n\nWe wrap.\n\n{hidden}\n\nThe end."
    found = read(name, text.encode()).text
    assert "SECRET" not in found
    assert "rap" in found


def test_markdown_keeps_its_words_and_signs() -> None:
    text = "# A\n\n5 < 6 & <https://example.com>, <b>bold</b> &amp; `<MIME>`; opacity: 0.\n"
    assert read("a.md", text.encode()).text == (
        "# A\n\n5 < 6 & <https://example.com>, bold & `<MIME>`; opacity: 0.\n"
    )


def test_a_word_file_keeps_headings_and_tables_but_not_its_hidden_text() -> None:
    found = read("repairs.docx", docx("SECRET"))
    assert found.title == "Repairs"
    assert found.text.startswith("# Repairs\n")
    assert "## Who repairs" in found.text
    assert "### Prices" in found.text
    assert "| Zip | $12 |" in found.text
    assert "SECRET" not in found.text


def test_a_pdf_is_cut_at_the_headings_that_its_letters_show() -> None:
    body = ["Every tent has a warranty of five years from the day of its purchase."] * 6
    pages = [
        [(22, "Warranty"), *((11, line) for line in body), (15, "How to claim"), (11, "Write.")]
    ]
    text = read("warranty.pdf", pdf(pages)).text
    assert "Warranty" in text.splitlines()[0]
    assert "## How to claim" in text.splitlines()


def test_a_pdf_without_headings_is_cut_by_its_pages() -> None:
    broken = [
        (11, "We open at nine and close at six on every weekday, but not"),
        (11, "on Sundays."),
    ]
    found = read("opening_hours.pdf", pdf([broken, [(11, "There are ten places to park.")]]))
    assert found.title == "Opening hours"
    assert (
        "## Page 1\n\nWe open at nine and close at six on every weekday, but not on Sundays."
        in (found.text)
    )
    assert "## Page 2\n\nThere are ten places to park." in found.text


def test_other_encodings_are_read_where_the_file_names_them() -> None:
    page = '<meta charset="iso-8859-1"><h1>Café</h1><p>Öffnungszeiten</p>'
    assert "Öffnungszeiten" in read("a.html", page.encode("latin-1")).text
    assert read("a.txt", "Grüße".encode("utf-16")).text == "# A\n\nGrüße\n"
    assert read("a.md", b"\xef\xbb\xbf# T\r\n\r\nx\r\n").text == "# T\n\nx\n"


def bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"<a/>")
        for number in range(5):
            packed.writestr(f"word/media/{number}", bytes(50_000_000))
    return target.getvalue()


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("other.xml", b"<a/>")
    return target.getvalue()


def large() -> bytes:
    return b"x" * (reading.LIMIT_BYTES + 1)


@pytest.mark.parametrize(
    ("name", "make", "what"),
    [
        ("a.exe", lambda: b"MZ", "Save it as Markdown, plain text, HTML, PDF or Word"),
        ("a.pdf", lambda: b"", "is empty"),
        ("a.txt", lambda: b" \n", "has no text"),
        ("a.html", lambda: b"<script>x</script>", "has no text"),
        ("a.txt", lambda: b"caf\xe9", "Save it as UTF-8"),
        ("a.txt", lambda: b"a\0b", "not what its name says"),
        ("a.txt", large, "larger than 20 MB"),
        ("a.txt", lambda: b"word " * 120_000, "more than 500,000 characters"),
        ("a.pdf", lambda: b"PK\3\4", "not what its name says"),
        ("a.pdf", lambda: b"%PDF-1.4 and nothing more", "may be damaged"),
        ("a.pdf", lambda: pdf([[(11, "Text.")]], password="secret"), "protected with a password"),
        ("a.pdf", lambda: pdf([[]]), "seems to be a scan"),
        ("a.docx", lambda: b"%PDF-1.4", "not what its name says"),
        ("a.docx", archive, "not what its name says"),
        ("a.docx", lambda: docx()[:-100], "may be damaged"),
        ("a.docx", lambda: b"\xd0\xcf\x11\xe0 old", "older Word file"),
        ("a.docx", bomb, "unpacks to far more"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(
    name: str, make: Callable[[], bytes], what: str
) -> None:
    with pytest.raises(CatalogError, match=what) as caught:
        read(name, make())
    assert f"“{name}”" in caught.value.message


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TIMEOUT_S", 0.0)
    with pytest.raises(CatalogError, match="took longer"):
        read("a.pdf", pdf([[(11, "Text.")]]))
