"""The feeds that there are: whom they are for, what each says of a product, what it must say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batch import merchant_feed, shopify_csv
from batch.feed_mapping import Attribute, Need, Said
from batch.results import ResultRow

#: Rows named for each thing that is lacking.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Feed:
    """A kind of feed.

    Attributes:
        reader: Who takes it, as people call them.
        attributes: What it says of a product.
        item: A product in its form, of what its columns say and its row number.
    """

    reader: str
    attributes: Sequence[Attribute]
    item: Callable[[Said, int], Said]


GOOGLE = Feed("Google", merchant_feed.ATTRIBUTES, lambda said, row_no: merchant_feed.item(said))
SHOPIFY = Feed("Shopify", shopify_csv.ATTRIBUTES, shopify_csv.item)


@dataclass(frozen=True, slots=True)
class Lack:
    """An attribute that products should have and some have not.

    Attributes:
        rows: How many products lack it.
        first: The first of their row numbers.
    """

    attribute: Attribute
    rows: int
    first: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look over all products of a feed has found.

    Attributes:
        rows: Products looked at.
        refused: Products that lack what is required.
        lacks: What is lacking, what is required first.
        said: Attribute name to how many products say something of it.
    """

    rows: int
    refused: int
    lacks: tuple[Lack, ...]
    said: Mapping[str, int]


def complete(feed: Feed, item: Said) -> bool:
    """Whether a product has everything that is required."""
    return not any(one.need is Need.REQUIRED for one in lacking(feed, item))


def lacking(feed: Feed, item: Said) -> list[Attribute]:
    """What a product should have and has not."""
    return [
        one for one in feed.attributes if one.need is not Need.OPTIONAL and one.name not in item
    ]


def check(
    feed: Feed,
    read: Callable[[ResultRow], Said],
    rows: Iterable[ResultRow],
    on_row: Callable[[int], None] = lambda done: None,
) -> Findings:
    """Look over products for what their reader will miss.

    Args:
        feed: Whom they are for.
        read: What reads a row's attributes.
        rows: The products.
        on_row: Told how many were looked at.
    """
    said, lacks, first = Counter[str](), Counter[str](), dict[str, list[int]]()
    done = refused = 0
    for done, row in enumerate(rows, start=1):
        item = feed.item(read(row), row.row_no)
        missed = lacking(feed, item)
        refused += any(one.need is Need.REQUIRED for one in missed)
        said.update(item.keys())
        lacks.update(one.name for one in missed)
        for one in missed:
            if lacks[one.name] <= NAMED:
                first.setdefault(one.name, []).append(row.row_no)
        on_row(done)
    by_need = sorted(feed.attributes, key=lambda one: one.need is not Need.REQUIRED)
    found = [
        Lack(one, lacks[one.name], tuple(first[one.name])) for one in by_need if one.name in first
    ]
    return Findings(done, refused, tuple(found), said)
