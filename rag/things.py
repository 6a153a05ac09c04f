"""What of a product, or of a part of a document, is searched."""

from __future__ import annotations

from dataclasses import dataclass

from core.products import Product
from rag.chunking import Chunk
from rag.markup import plain
from rag.texts import embedded_text, known_text


@dataclass(frozen=True, slots=True)
class Words:
    """What a thing is found by when words are compared.

    Attributes:
        title: Its title.
        values: What is known of it in few words: brand, colour, department.
        text: Everything else.
    """

    title: str
    values: str
    text: str


@dataclass(frozen=True, slots=True)
class Thing:
    """A product or a part of a document, as it is searched.

    Attributes:
        id: ``product:<id>`` or ``policy:<document>#<chunk>``.
        words: What it is found by.
        embedded: The text whose vector stands for it.
    """

    id: str
    words: Words
    embedded: str


def product_thing(product: Product) -> Thing:
    """A product as it is searched."""
    words = Words(product.title, known_text(product), plain(product.description))
    return Thing(product_id(product.id), words, embedded_text(product))


def chunk_thing(chunk: Chunk) -> Thing:
    """A part of a document as it is searched."""
    text = f"{chunk.title}. {chunk.heading}. {chunk.text}"
    return Thing(chunk.id, Words(f"{chunk.title} {chunk.heading}", "", chunk.text), text)


def product_id(key: str) -> str:
    """What a product of this key is called among all that is searched."""
    return f"product:{key}"


def product_key(id: str) -> str:
    """The key of a product that is called this among all that is searched."""
    return id.removeprefix("product:")
