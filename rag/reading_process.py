"""Takes one document apart: ``python -m rag.reading_process SUFFIX < file``.

Answers in JSON on standard output: text and title, or the problem. A process of its own,
since what comes from outside may crash the library, hang it, or fill the memory.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
from contextlib import suppress
from xml.etree import ElementTree

import kreuzberg
from kreuzberg import ContentFilterConfig, ExtractionConfig, PageConfig

from rag.file_text import Problem, decoded
from rag.visible import without_hidden

MEMORY_BYTES = 2_000_000_000
SECONDS = 25
#: What a Word file may unpack to.
UNPACKED_BYTES = 200_000_000
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PAGES = (".html", ".htm")
KINDS = {".html": "text/html", ".htm": "text/html", ".pdf": "application/pdf", ".docx": DOCX}
BODY = "word/document.xml"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
#: What Word's older files, and its protected ones, begin with.
OLE = b"\xd0\xcf\x11\xe0"
#: The encoding that a page names, its head and its title.
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_HEAD = re.compile(r"<head\b.*?</head\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
#: Lines this long were broken by the edge of the page, not by their author.
BROKEN_CHARS = 50
#: Titles that programs give when nobody has named the document.
NAMELESS = re.compile(
    r"|untitled.*|\(?(anonymous|unspecified)\)?|(word )?document\d*|.* - .*\.\w{3,4}|\S+\.\w{3,4}",
    re.IGNORECASE,
)


def main() -> None:
    """Read standard input."""
    _bound()
    data = sys.stdin.buffer.read()
    try:
        answer = {"problem": "", **_read(sys.argv[1], data)}
    except Problem as problem:
        answer = {"problem": str(problem)}
    except kreuzberg.KreuzbergError as error:
        answer = {"problem": "locked" if "password" in str(error).lower() else "damaged"}
    except (ElementTree.ParseError, zipfile.BadZipFile, MemoryError):
        answer = {"problem": "damaged"}
    sys.stdout.write(json.dumps(answer))


def _bound() -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, SECONDS)):
        with suppress(ValueError, OSError):  # where the system does not let us, the clock does
            resource.setrlimit(what, (most, most))


def _read(suffix: str, data: bytes) -> dict[str, str]:
    if suffix == ".pdf" and b"%PDF-" not in data[:1024]:
        raise Problem("strange")
    named = ""
    if suffix == ".docx":
        data = _without_hidden_runs(data)
    elif suffix in PAGES:
        named, data = _page(data)
    config = ExtractionConfig(
        output_format="markdown",
        use_cache=False,
        disable_ocr=True,  # type: ignore[call-arg]  # its stub does not know it
        pages=PageConfig(extract_pages=True),
        # A line that stands on every page may be the one that is asked about.
        content_filter=ContentFilterConfig(
            include_headers=suffix == ".pdf",
            include_footers=suffix == ".pdf",
            strip_repeating_text=False,
        ),
    )
    found = kreuzberg.extract_bytes_sync(data, KINDS[suffix], config=config)
    text = found.content
    if suffix == ".pdf" and not any(line.startswith("#") for line in text.splitlines()):
        text = _by_page([page["content"] for page in found.pages or ()]) or text
    title = str(found.metadata.get("title") or "").strip()
    unnamed = suffix in PAGES or NAMELESS.fullmatch(title)
    return {"text": text, "title": named if unnamed else title}


def _page(data: bytes) -> tuple[str, bytes]:
    """The title of a web page, and what a reader sees of it."""
    charset = _CHARSET.search(data[:4096])
    page = decoded(data, charset[1].decode("ascii", "replace") if charset else "utf-8")
    named = _TITLE.search(page)
    # What stands in its head is not part of the text.
    body = without_hidden(_TITLE.sub("", _HEAD.sub("", page)), keep_tags=True)
    return " ".join(named[1].split()) if named else "", body.encode()


def _by_page(pages: list[str]) -> str:
    """A text without headings, so that at least its pages can be told apart."""
    texts = [_reflowed(page) for page in pages]
    if len(texts) < 2:
        return "".join(texts)
    return "\n\n".join(
        f"## Page {number}\n\n{text}" for number, text in enumerate(texts, 1) if text
    )


def _reflowed(page: str) -> str:
    """Lines that a page's edge has broken, put together again."""
    whole: list[str] = []
    broken = False
    for line in page.splitlines():
        words = line.strip()
        if broken and words:
            whole[-1] += f" {words}"
        elif words:
            whole.append(words)
        broken = len(words) >= BROKEN_CHARS and words[-1] not in ".!?:;"
    return "\n\n".join(whole)


def _without_hidden_runs(data: bytes) -> bytes:
    """A Word file without the text that Word does not show."""
    if data.startswith(OLE):
        raise Problem("old")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise Problem("damaged" if data.startswith(b"PK") else "strange")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(item.file_size for item in packed.infolist()) > UNPACKED_BYTES:
            raise Problem("bomb")
        if BODY not in packed.namelist():
            raise Problem("strange")
        body = packed.read(BODY)
        if b"vanish" not in body:
            return data
        return _repacked(packed, _visible(body))


def _visible(body: bytes) -> bytes:
    for _, (prefix, address) in ElementTree.iterparse(io.BytesIO(body), events=["start-ns"]):
        with suppress(ValueError):  # a prefix such as ns1 may not be chosen
            ElementTree.register_namespace(prefix, address)
    root = ElementTree.fromstring(body)
    for parent in root.iter():
        for run in parent.findall(f"{WORD}r"):
            mark = run.find(f"{WORD}rPr/{WORD}vanish")
            if mark is not None and mark.get(f"{WORD}val") not in ("0", "false"):
                parent.remove(run)
    return bytes(ElementTree.tostring(root, encoding="utf-8"))


def _repacked(packed: zipfile.ZipFile, body: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
        for item in packed.infolist():
            written.writestr(item, body if item.filename == BODY else packed.read(item))
    return target.getvalue()


if __name__ == "__main__":
    main()
