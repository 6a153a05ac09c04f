"""Policy documents cut into chunks at their headings, and long sections further.

A chunk is computed from its document whenever it is needed, so its id always
leads back to its text. Knows nothing of where documents are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

from rag.headings import first_heading
from rag.markup import plain_markdown

HEADINGS = [("#", "1"), ("##", "2"), ("###", "3"), ("####", "4")]
#: About 220 tokens: the embedding reads 256, and three must fit in a small model's prompt.
CHUNK_CHARS = 800
OVERLAP_CHARS = 80


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document under one heading.

    Attributes:
        id: ``policy:<document>#<number>``, numbered from 1 in reading order.
        title: The document's title.
        heading: Headings that lead to it below the title, joined by ``>``; may be empty.
        text: Plain text.
    """

    id: str
    title: str
    heading: str
    text: str


@lru_cache(maxsize=512)
def split(name: str, text: str) -> tuple[Chunk, ...]:
    """Cut a Markdown text at its headings, and long sections further."""
    sections = MarkdownHeaderTextSplitter(HEADINGS, strip_headers=True).split_text(text)
    sizes = RecursiveCharacterTextSplitter(chunk_size=CHUNK_CHARS, chunk_overlap=OVERLAP_CHARS)
    title = plain_markdown(first_heading(text)) or name.replace("-", " ").capitalize()
    parts = [
        (_path(section.metadata), part)
        for section in sections
        for part in sizes.split_text(plain_markdown(section.page_content))
    ]
    return tuple(
        Chunk(id=f"policy:{name}#{number}", title=title, heading=heading, text=part)
        for number, (heading, part) in enumerate(parts, start=1)
    )


def _path(headings: Mapping[str, str]) -> str:
    return " > ".join(plain_markdown(headings[level]) for level in "234" if level in headings)
