"""A computed answer, and what computing one needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.products import Product
from rag.exchange import Comparison

#: Products that a search finds for a text, best first.
Near = Callable[[str], Sequence[Product]]


@dataclass(frozen=True, slots=True)
class Exact:
    """A computed answer.

    Attributes:
        sentences: Cite the products by their places, ``[1]`` first.
        products: In the order in which they are cited.
        total: How many products it is about.
        comparison: Of a comparison, the table.
        near: The products are only the nearest to what was asked for.
    """

    sentences: tuple[str, ...]
    products: tuple[Product, ...] = ()
    total: int | None = None
    comparison: Comparison | None = None
    near: bool = False
