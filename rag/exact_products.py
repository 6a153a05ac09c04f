"""Exact answers about products that are named: a fact of one, one beside another."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.facts import LONGEST_TEXT, PRICE, STOCK
from core.money import price
from core.products import Product
from rag.exact_answer import Exact, Near
from rag.exact_words import cited, fact_text, field_words, joined
from rag.exact_words import told as fact_told
from rag.exchange import Comparison
from rag.plain_speech import CHATTER
from rag.query import Query
from rag.shop_words import keys_of, listed

#: More products than this are not meant by a name.
MOST_NAMED = 3
MOST_COMPARED = 4
MOST_SAID = 4
#: Words for facts, which name no product.
_OF_FACTS = listed(
    """
    weigh weight heavy tall high height long length wide width deep depth colour color size
    material fabric brand warranty capacity hold battery life left remaining expensive cheap in
    difference between compare compared comparison versu vs better lighter heavier cheaper warmer
    """
)


def named(text: str, near: Near) -> list[Product]:
    """The products that have all words of a text in title, department or values, best first.

    Those with all of them in the title come alone where there are any.
    """
    words = [key for key in keys_of(text) if key not in CHATTER]
    wanted = {key for key in words if key not in _OF_FACTS} or set(words)
    if not wanted:
        return []
    found = near(text)
    titled = [item for item in found if wanted <= set(keys_of(item.title))]
    return titled or [item for item in found if wanted <= _keys(item)]


def _keys(item: Product) -> set[str]:
    texts = [item.title, item.department or "", *(one.text() for one in item.values.values())]
    return {key for text in texts for key in keys_of(text)}


def told(query: Query, near: Near) -> Exact | None:
    """What is known of the facts asked about; None where they, or the products, are not known."""
    items = named(query.text, near)
    if not 0 < len(items) <= MOST_NAMED:
        return None
    sentences = []
    for at, item in enumerate(items, start=1):
        said = [fact_told(item, field) for field in query.fields]
        if not all(said):
            # The description may say it: that is for whoever reads it.
            return None
        sentences.append(f"{cited(item, at)} {joined(said)}.")
    return Exact(tuple(sentences), tuple(items), len(items))


def compared(query: Query, near: Near, fitting: Sequence[Product] = ()) -> Exact | None:
    """Products side by side; a subject that is not there or not clear is said.

    Args:
        query: What is to be compared.
        near: Finds the products that a text may name.
        fitting: What the query's conditions let through, where it names no subject.
    """
    if not query.subjects:
        return _beside(query, fitting) if 1 < len(fitting) <= MOST_COMPARED else None
    sentences: list[str] = []
    items: list[Product] = []
    missing = 0
    for subject in query.subjects:
        found = named(subject, near)
        if not found:
            missing += 1
            nearest = [item for item in near(subject) if item not in items][:1]
            sentences.append(_not_found(subject, nearest, len(items)))
            items += nearest
            continue
        kept = [item for item in found if item not in items]
        room = 1 if len(found) > MOST_NAMED else MOST_COMPARED - len(items)
        if len(found) > 1 and len(query.subjects) > 1:
            sentences.append(f"“{subject}” fits {len(found)} of our products.")
        items += kept[:room]
    if not items or missing == len(query.subjects) or (len(items) < 2 and not missing):
        return None
    if missing:
        return Exact(tuple(sentences), tuple(items), len(items), near=True)
    return _beside(query, items, sentences)


def _beside(query: Query, items: Sequence[Product], sentences: Sequence[str] = ()) -> Exact:
    said = (*sentences, *differences(items, query.fields))
    return Exact(said, tuple(items), len(items), comparison(items))


def _not_found(subject: str, nearest: Sequence[Product], before: int) -> str:
    offered = f" The nearest we have is {cited(nearest[0], before + 1)}." if nearest else ""
    return f"We found no “{subject}” to compare.{offered}"


def comparison(items: Sequence[Product]) -> Comparison:
    """The table: price and stock first, then what else is known of one of them."""
    fields = [PRICE, STOCK]
    fields += dict.fromkeys(name for item in items for name in item.values)
    rows = []
    for field in fields:
        texts = tuple(fact_text(item, field) for item in items)
        if any(texts) and all(len(text) <= LONGEST_TEXT for text in texts):
            rows.append((field_words(field), texts))
    return Comparison(tuple(range(1, len(items) + 1)), tuple(rows))


def differences(items: Sequence[Product], asked: Sequence[str] = ()) -> list[str]:
    """The main differences in a few sentences, those that were asked about first."""
    fields = dict.fromkeys([*asked, PRICE, *(name for item in items for name in item.values)])
    said = [text for field in fields if (text := _difference(items, field, field in asked))]
    sold_out = (at for at, item in enumerate(items, start=1) if item.stock == 0)
    return said[:MOST_SAID] + [f"{cited(items[at - 1], at)} is out of stock." for at in sold_out]


def _difference(items: Sequence[Product], field: str, asked: bool) -> str:
    texts = [fact_text(item, field) for item in items]
    if field == PRICE and all(texts):
        told = [f"{cited(item, at)} costs {texts[at - 1]}" for at, item in enumerate(items, 1)]
        return f"{joined(told)}{_apart(items)}."
    numbers = (isinstance(one.value, float) for item in items if (one := item.values.get(field)))
    if not all(texts) or not (asked or (len(set(texts)) > 1 and all(numbers))):
        return ""
    pairs = [f"{text} [{at}]" for at, text in enumerate(texts, start=1)]
    return f"{field_words(field).capitalize()}: {joined(pairs)}."


def _apart(items: Sequence[Product]) -> str:
    prices = [item.price or Decimal(0) for item in items]
    currencies = {item.currency for item in items}
    if len(currencies) > 1:
        return "; different currencies are not compared"
    apart = max(prices) - min(prices)
    if not apart or len(items) > 2:
        return ""
    return f", a difference of {price(apart, currencies.pop())}"
