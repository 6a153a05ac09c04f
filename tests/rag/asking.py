"""What tests ask of a shop without the counter: questions understood, words looked up."""

from __future__ import annotations

from collections.abc import Sequence

from rag.exchange import Kind, Turn
from rag.mirror import Mirror
from rag.query import Query
from rag.retriever import Retriever
from rag.understanding import understand
from rag.words import stems


def understood(retriever: Retriever, question: str, history: Sequence[Turn] = ()) -> Query:
    """The first thing that a question asks of a shop."""
    retriever.mirror.refresh()
    return understand(question, retriever.mirror, history=history, is_word=retriever.is_word)[0]


def worded(mirror: Mirror, text: str, kind: Kind = Kind.PRODUCT) -> set[str]:
    """Ids of what has any of the words."""
    held = mirror.held(kind)
    return {held.id(row) for row in held.words.search(stems(text), 50)}
