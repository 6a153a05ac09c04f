"""A merchant's file as the text that the chat searches: Markdown with a title.

Files from outside are taken apart in a process of their own (:mod:`rag.reading_process`),
without our environment: one that hangs, or wants all of the memory, takes nothing with it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from core.errors import CatalogError
from core.settings import PROJECT
from rag.file_text import Problem, decoded
from rag.headings import first_heading, tidied
from rag.markup import is_endless, plain_markdown
from rag.visible import without_hidden

TEXTS = frozenset({".md", ".markdown", ".txt"})
PAGES = frozenset({".html", ".htm"})
SUFFIXES = TEXTS | PAGES | {".pdf", ".docx"}
#: As a sentence names them.
FORMATS = "Markdown, plain text, HTML, PDF or Word (.docx)"
LIMIT_BYTES = 20_000_000
#: Some 150 pages: more would be a book, of which nobody finds the right sentence.
LIMIT_CHARS = 500_000
TIMEOUT_S = 30.0
LONGEST_TITLE = 300

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n---\s*\n", re.DOTALL)

#: What the process that reads may answer instead of a text, and what to do about each.
PROBLEMS = {
    "locked": "is protected with a password. Save it without one and upload it again.",
    "damaged": "cannot be read: it may be damaged. Open it, save it again and upload that, or "
    "upload its text.",
    "encoding": "is not UTF-8 text. Save it as UTF-8.",
    "strange": "is not what its name says. Save it again in the format that its name ends with.",
    "old": "is an older Word file, or protected with a password. Save it as .docx without one.",
    "bomb": "unpacks to far more than a document has. Save its text alone and upload that.",
    "endless": "has HTML that is opened again and again and never ends. Upload its text alone.",
    "slow": f"took longer than {TIMEOUT_S:.0f} seconds to read. Split it, or upload its text.",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says, as Markdown that begins with its title."""

    title: str
    text: str


def read(file_name: str, data: bytes) -> Reading:
    """Read a file; takes up to :data:`TIMEOUT_S`.

    Args:
        file_name: Tells its format, and is named in errors.
        data: All of it.

    Raises:
        CatalogError: It cannot be read, or has no text; says what to do.
    """
    suffix = PurePath(file_name).suffix.lower()
    if suffix not in SUFFIXES:
        raise CatalogError(f"“{file_name}” cannot be read. Save it as {FORMATS}.")
    if not data:
        raise _error(file_name, "is empty.")
    if len(data) > LIMIT_BYTES:
        raise _error(file_name, f"is larger than {LIMIT_BYTES // 1_000_000} MB. Split it.")
    text, title = _text(file_name, suffix, data)
    if not text.strip():
        raise _error(file_name, _why_empty(suffix))
    return _whole(file_name, text, title or _stem(file_name))


def typed(title: str, text: str) -> Reading:
    """What a person has typed; a title in the text wins over the one beside it.

    Raises:
        CatalogError: The title or the text is missing, or the text is too long.
    """
    if not title.strip() or not text.strip():
        missing = "text" if title.strip() else "title"
        raise CatalogError(f"The {missing} is missing: a document needs a title and a text.")
    return _whole(title, _seen(title, text), " ".join(title.split()))


def _whole(name: str, text: str, title: str) -> Reading:
    _check_length(name, text)
    text = tidied(text, title[:LONGEST_TITLE])
    return Reading(plain_markdown(first_heading(text)[:LONGEST_TITLE]), text)


def _check_length(name: str, text: str) -> None:
    if len(text) > LIMIT_CHARS:
        raise _error(name, f"has more than {LIMIT_CHARS:,} characters. Split it by topic.")


def _text(file_name: str, suffix: str, data: bytes) -> tuple[str, str]:
    """The Markdown, and the title that the file gives itself; either may be empty."""
    if suffix not in TEXTS:
        return _taken_apart(file_name, suffix, data)
    try:
        text = decoded(data)
    except Problem as problem:
        raise _error(file_name, PROBLEMS[str(problem)]) from problem
    return _FRONT_MATTER.sub("", _seen(file_name, text)), ""


def _seen(name: str, text: str) -> str:
    """What a reader of a text sees; it may hold HTML."""
    _check_length(name, text)
    if is_endless(text):
        raise _error(name, PROBLEMS["endless"])
    return without_hidden(text)


def _taken_apart(file_name: str, suffix: str, data: bytes) -> tuple[str, str]:
    answer = _asked(suffix, data)
    if problem := answer.get("problem"):
        raise _error(file_name, PROBLEMS[problem])
    return str(answer["text"]), str(answer["title"])


def _asked(suffix: str, data: bytes) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "rag.reading_process", suffix]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=TIMEOUT_S,
            cwd=PROJECT,
            # Not ours: what it reads comes from outside, and our keys are none of its business.
            env={"PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        answer: Mapping[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"problem": "slow"}
    except ValueError:
        return {"problem": "damaged"}
    return answer


def _why_empty(suffix: str) -> str:
    if suffix == ".pdf":
        return (
            "has no text: it seems to be a scan. Run text recognition (OCR) over it, or upload "
            "its text."
        )
    return "has no text."


def _stem(file_name: str) -> str:
    words = re.sub(r"[\s_-]+", " ", PurePath(file_name).stem).strip() or "Document"
    return words[0].upper() + words[1:]


def _error(file_name: str, what: str) -> CatalogError:
    return CatalogError(f"“{file_name}” {what}")
