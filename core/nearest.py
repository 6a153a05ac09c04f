"""Where the two rooms meet over demonstrations: products with the right answer.

The back room shows them to a model; finding those most like a product is
retrieval, which the other room knows. Neither imports the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import sqlalchemy as sa

from core.db import Database
from core.review_tables import demonstrations
from core.settings import Settings

#: What opens a search, as ``module:function``.
SEARCH = "rag.demonstrations:open_search"
SEARCH_AMONG = "rag.demonstrations:among"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A product with the right answer.

    Attributes:
        id: Names it.
        product_type: What kind of product it is; empty where that is not known.
        text: The product as the model reads it.
        answer: Field name to the right value; None where there is none. A field
            that is not in it was not judged.
    """

    id: str
    product_type: str
    text: str
    answer: Mapping[str, Any]


#: What may be shown: neither switched off, nor deleted, nor kept to measure by.
SHOWABLE = sa.and_(
    demonstrations.c.enabled.is_(True),
    demonstrations.c.held_back.is_(False),
    demonstrations.c.deleted.is_(False),
)


class Nearest(Protocol):
    """Finds the demonstrations that are most like products."""

    def __call__(
        self, texts: Sequence[str], product_type: str, k: int
    ) -> list[list[Demonstration]]:
        """At most ``k`` of this product type for each text, the most alike first.

        Raises:
            ServiceError: The search cannot be made.
        """
        ...  # pragma: no cover - a protocol


def open_nearest(settings: Settings, db: Database) -> Nearest:
    """The search over the demonstrations in our tables."""
    opened: Nearest = _named(SEARCH)(settings, db)
    return opened


def nearest_among(found: Iterable[Demonstration]) -> Nearest:
    """A search over demonstrations that are in no table, such as those of a file."""
    opened: Nearest = _named(SEARCH_AMONG)(found)
    return opened


def _named(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


def showable(db: Database, product_type: str) -> Sequence[Demonstration]:
    """The demonstrations of a product type that may be shown, the oldest first."""
    folded = product_type.casefold()
    names = sa.select(demonstrations.c.product_type).where(SHOWABLE).distinct()
    with db.read() as connection:
        # Not every database folds case as Python does.
        same = [name for name in connection.execute(names).scalars() if name.casefold() == folded]
        found = connection.execute(
            demonstrations.select()
            .where(SHOWABLE, demonstrations.c.product_type.in_(same))
            .order_by(demonstrations.c.created_at, demonstrations.c.id)
        ).mappings()
        return [
            Demonstration(row["id"], row["product_type"], row["text"], row["answer"])
            for row in found
        ]
