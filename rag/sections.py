"""The whole section of a policy that a passage was taken from, and where in it that stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from langchain_text_splitters import MarkdownHeaderTextSplitter

from core.db import Database
from rag import chunking, documents
from rag.exchange import Passage
from rag.markup import plain_markdown


@dataclass(frozen=True, slots=True)
class Section:
    """A document's words under one heading.

    Attributes:
        text: Plain text.
        start: First character of the passage in it, 0-based.
        end: One past its last character.
    """

    text: str
    start: int
    end: int


def section_of(db: Database, passage: Passage) -> Section | None:
    """The section that a passage stands in; None where the document says so no more."""
    name = passage.id.removeprefix("policy:").rpartition("#")[0]
    document = documents.get(db, [name]).get(name)
    if document is None:
        return None
    splitter = MarkdownHeaderTextSplitter(chunking.HEADINGS, strip_headers=True)
    wanted = _pattern(passage.text)
    found = []
    for part in splitter.split_text(document.text):
        text = plain_markdown(part.page_content)
        if place := wanted.search(text):
            under = _last(passage.heading) in map(plain_markdown, part.metadata.values())
            found.append((not under, Section(text, *place.span())))
    # The same words may stand in several sections.
    return min(found, key=lambda one: one[0])[1] if found else None


def _last(heading: str) -> str:
    return heading.rpartition(">")[2].strip()


def _pattern(text: str) -> re.Pattern[str]:
    """Finds a text again whatever became of its spaces when it was cut."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))
