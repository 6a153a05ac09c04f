"""Exact answers in words: facts, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.facts import DEPARTMENT, PRICE, STOCK
from core.money import price
from core.products import Product
from rag.markup import plain
from rag.shop_words import listed

#: Units that merchants write into a field's name.
_UNITS = listed("kg g lb oz cm mm ml l w kw kwh mah")
#: Names of fields that are said of a thing as they are: "sleeps 4".
VERBS = {"sleeps": "sleep", "serves": "serve", "holds": "hold", "seats": "seat", "fits": "fit"}
_SAID = {
    PRICE: "costs {}",
    "weight": "weighs {}",
    "brand": "is made by {}",
    "material": "is made of {}",
    "audience": "is for {}",
}
_NOUNS = ("control", "tion", "ment", "ness", "ity", "er", "or", "mode", "display", "light")


def quantity(field: str, number: float, unit: str) -> str:
    """A number as people read it: ``$199.00``, ``2.9 kg``."""
    if field == PRICE:
        return price(Decimal(str(number)), unit)
    return f"{number:,.12g} {unit}".strip()


def joined(parts: Sequence[str], word: str = "and") -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def cited(item: Product, number: int) -> str:
    """A product's title with its citation."""
    return f"{_title(item)} [{number}]"


def priced(item: Product, number: int) -> str:
    """A product's title and price with its citation."""
    cost = price(item.price, item.currency)
    return f"{_title(item)}{f', {cost}' if cost else ''} [{number}]"


def _title(item: Product) -> str:
    """A title in which nothing looks like a citation."""
    return plain(item.title).strip().replace("[", "(").replace("]", ")")


def stocked(item: Product) -> str:
    """How many are in stock, in words; empty where it is not known."""
    if item.stock is None:
        return ""
    return f"{item.stock:,} in stock" if item.stock > 0 else "out of stock"


def field_words(field: str) -> str:
    """A field's name as a shopper reads it."""
    words = field.replace("_", " ").split()
    if len(words) > 1 and words[-1].lower() in _UNITS:
        words = words[:-1]
    said = " ".join(words)
    # Without a vowel it is an abbreviation, such as SPF.
    return said if any(letter in "aeiouy" for letter in said.lower()) else said.upper()


def is_noun(words: str) -> bool:
    """Whether what a yes-or-no field is called is had, not been: "temperature control"."""
    return words.endswith(_NOUNS)


def with_article(words: str) -> str:
    """``a capacity``, ``an age``."""
    return f"{'an' if words[:1].lower() in 'aeio' else 'a'} {words}"


def fact_text(item: Product, field: str) -> str:
    """What is known of a product in one field; empty where nothing is."""
    if field == PRICE:
        return price(item.price, item.currency)
    if field == STOCK:
        return stocked(item)
    if field == DEPARTMENT:
        return item.department or ""
    value = item.values.get(field)
    if value is None:
        return ""
    if isinstance(value.value, float) and not isinstance(value.value, bool):
        return quantity(field, value.value, value.unit or "")
    return value.text().strip()


def told(item: Product, field: str) -> str:
    """A fact as it is said of a product: ``costs $199.00``; empty where it is not known."""
    known, name = fact_text(item, field), field_words(field)
    if not known:
        return ""
    if field in _SAID:
        return _SAID[field].format(known)
    if field == STOCK:
        return f"is {known}" if item.stock == 0 else f"is in stock: {item.stock:,} left"
    if known in ("yes", "no"):
        verb, no = ("has", "no ") if is_noun(name) else ("is", "not ")
        return f"{verb} {'' if known == 'yes' else no}{name}"
    if name in VERBS:
        return f"{name} {known}"
    value = item.values.get(field)
    if value is not None and isinstance(value.value, float):
        plural = name.endswith("s") and not name.endswith("ss")
        return f"has {known} {name}" if plural else f"has {with_article(name)} of {known}"
    return f"has the {name} {known}"
