"""Products and parts of documents as passages: what is shown of them and given to the model."""

from __future__ import annotations

from core.products import Product
from rag.chunking import Chunk
from rag.exchange import Kind, Passage
from rag.markup import plain
from rag.texts import facts, product_text
from rag.things import product_id


def product_passage(item: Product) -> Passage:
    """A product as a passage, not yet numbered or scored."""
    return Passage(
        number=0,
        id=product_id(item.id),
        kind=Kind.PRODUCT,
        title=plain(item.title),
        heading="",
        text=". ".join(part for part in (facts(item), plain(item.description)) if part),
        score=0.0,
        product=item,
    )


def policy_passage(chunk: Chunk) -> Passage:
    """A part of a document as a passage, not yet numbered or scored."""
    return Passage(
        number=0,
        id=chunk.id,
        kind=Kind.POLICY,
        title=chunk.title,
        heading=chunk.heading,
        text=chunk.text,
        score=0.0,
    )


def searched_text(passage: Passage) -> str:
    """Everything that a passage is found by, besides its title and heading."""
    return product_text(passage.product) if passage.product else passage.text
