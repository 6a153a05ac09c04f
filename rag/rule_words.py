"""Tells whether a question names what a document is about: returns, shipping, a warranty.

The words are those of the documents' own titles and headings. Products may hold the
question's other words more often, but what it asks for is the rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.exchange import Passage
from rag.words import stems

#: "Returns and Exchanges" is about either.
_EITHER = re.compile(r"\s+(?:and|or)\s+|[&,/]")


def names_document(
    asked: frozenset[str], passage: Passage, is_titled: Callable[[str], bool]
) -> bool:
    """Whether a question names what a document, or this part of it, is about.

    Args:
        asked: The question's stems.
        passage: A part of a document.
        is_titled: Whether a stem stands in a product's title: such a word may mean the product.
    """
    parts = [*_EITHER.split(passage.title), passage.heading.rpartition(">")[2]]
    wanted = [stems(part) for part in parts]
    return any(one and one <= asked and not all(map(is_titled, one)) for one in wanted)
