"""What passes over the counter: turns, passages, what was found, how long it took.

Plain values, cheap to import. Knows neither how passages are found nor how
answers are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from core.products import Product
from rag.query import Query


class Role(StrEnum):
    """Who said it."""

    USER = "user"  #: the shopper
    ASSISTANT = "assistant"  #: the shop


class Kind(StrEnum):
    """What a passage was taken from."""

    PRODUCT = "product"  #: the published catalog
    POLICY = "policy"  #: a policy document


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier utterance of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing found in the shop, as it was shown and given to the model.

    Attributes:
        number: The citation that points at it, from 1.
        id: ``product:<id>`` or ``policy:<document>#<chunk>``.
        title: The product's or the document's title.
        heading: Heading path inside a document, such as ``Returns > Refunds``; else empty.
        text: Plain text without markup.
        score: Similarity to the question, from 0 to 1.
        product: The product as it was at that moment; None for a policy.
        matched: Why it is here: what of it fits the question, such as ``colour: navy``.
    """

    number: int
    id: str
    kind: Kind
    title: str
    heading: str
    text: str
    score: float
    product: Product | None = None
    matched: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form stored with an answer."""
        stored = {name: getattr(self, name) for name in self.__dataclass_fields__}
        stored["kind"] = str(self.kind)
        stored["product"] = self.product.to_json() if self.product else None
        stored["matched"] = list(self.matched)
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Passage:
        """Rebuild a passage from :meth:`to_json`."""
        product = stored.get("product")
        parts = dict(stored) | {
            "kind": Kind(stored["kind"]),
            "product": Product.from_json(product) if product else None,
            "matched": tuple(stored.get("matched", ())),
        }
        return cls(**parts)


def numbered(passages: list[Passage]) -> tuple[Passage, ...]:
    """The same passages, cited as 1, 2, 3 in this order."""
    return tuple(replace(passage, number=at) for at, passage in enumerate(passages, start=1))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought.

    Attributes:
        passages: Best first, numbered from 1; may be near misses when not ``relevant``.
        relevant: Whether any of it is about the question.
        best_score: Highest similarity, from 0 to 1.
        retrieve_ms: Time the search took.
        index_away: Chroma does not answer; what it would have found was found in memory.
    """

    passages: tuple[Passage, ...]
    relevant: bool
    best_score: float
    retrieve_ms: float
    index_away: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Products side by side, as a table.

    Attributes:
        numbers: The passages compared, by their citation numbers: the columns.
        rows: A fact's name and its text for each of them; empty where it is not known.
    """

    numbers: tuple[int, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Details:
    """What is drawn with an answer besides its words and sources.

    Attributes:
        queries: How the question was understood; their filters are the chips.
        comparison: Where things were compared.
        near: The passages are the nearest things only, not what was asked for.
        refused: The shop does not have, or does not say, what was asked.
        cached: The words were written earlier, for the same question and facts.
        suggestions: Questions that might come next, which the shop can answer.
        notice: What does not work just now, in a sentence for the shopper; else empty.
    """

    queries: tuple[Query, ...] = ()
    comparison: Comparison | None = None
    near: bool = False
    refused: bool = False
    cached: bool = False
    suggestions: tuple[str, ...] = ()
    notice: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form stored with an answer."""
        return asdict(self) | {"queries": [query.to_json() for query in self.queries]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Details:
        """Rebuild details from :meth:`to_json`; of an older answer, as far as they are there."""
        drawn = stored.get("comparison")
        rows = tuple((name, tuple(texts)) for name, texts in drawn["rows"]) if drawn else ()
        parts = dict(stored) | {
            "queries": tuple(Query.from_json(query) for query in stored.get("queries", ())),
            "comparison": Comparison(tuple(drawn["numbers"]), rows) if drawn else None,
            "suggestions": tuple(stored.get("suggestions", ())),
        }
        return cls(**parts)


@dataclass(frozen=True, slots=True)
class Timing:
    """How long an answer took, in milliseconds from the question's arrival.

    Attributes:
        retrieve_ms: Until the sources were known.
        first_token_ms: Until the first word of the model; None when there was none.
        total_ms: Until the end; None while the answer is being written.
        tokens: Tokens of the answer, as the model server counted them.
        prompt_tokens: Tokens the model had to read.
    """

    retrieve_ms: float = 0.0
    first_token_ms: float | None = None
    total_ms: float | None = None
    tokens: int = 0
    prompt_tokens: int = 0

    def to_json(self) -> dict[str, Any]:
        """The form stored with an answer."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Timing:
        """Rebuild a timing from :meth:`to_json`."""
        return cls(**stored)
