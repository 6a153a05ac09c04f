"""Exact answers in words: things, conditions, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.facts import DEPARTMENT, PRICE, STOCK, Filter
from core.money import price
from core.products import Product
from rag.markup import plain
from rag.prompts import price_text
from rag.shop_words import keys_of

#: Last words of the names of fields that say what a thing is.
_KINDS = frozenset({"type", "kind", "category", "subcategory"})
_BRANDS = frozenset({"brand", "maker", "manufacturer", "vendor"})
_HISSING = ("s", "x", "z", "ch", "sh")


def is_kind(wanted: Filter) -> bool:
    """Whether a condition says what a thing is, such as a tent."""
    return not wanted.negated and bool(wanted.texts) and _ends_in(wanted.field, _KINDS)


def _ends_in(field: str, names: frozenset[str]) -> bool:
    return not names.isdisjoint(keys_of(field)[-1:])


def things(filters: Sequence[Filter], count: int) -> str:
    """What is spoken of and under which conditions, such as ``waterproof boots under $150``.

    Args:
        filters: The conditions; one of them may say what the things are.
        count: How many there are: one is named in the singular.
    """
    parts = [one for one in filters if not is_kind(one)]
    before = [_adjective(one) for one in parts]
    after = [_condition(one) for one in parts if not _adjective(one)]
    return " ".join([*filter(None, before), _noun(filters, count), *after])


def is_many(filters: Sequence[Filter]) -> bool:
    """Whether the shop itself names the things in the plural, such as headphones."""
    kind = next(filter(is_kind, filters), None)
    return kind is not None and all(text.endswith("s") for text in kind.texts)


def _noun(filters: Sequence[Filter], count: int) -> str:
    kind = next(filter(is_kind, filters), None)
    if kind is None:
        return "product" if count == 1 else "products"
    name = min(kind.texts, key=len)
    if name.endswith("s"):
        return name
    return name if count == 1 else _many(name)


def _many(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    if name.endswith(("knife", "shelf", "scarf", "loaf", "half")):
        return name.removesuffix("e").removesuffix("f") + "ves"
    return name + ("es" if name.endswith(_HISSING) else "s")


def _adjective(wanted: Filter) -> str:
    """A condition that is said before the thing: ``waterproof``."""
    if wanted.texts == ("yes",) and not wanted.negated and ":" not in wanted.label:
        return wanted.label or field_words(wanted.field)
    return ""


def _condition(wanted: Filter) -> str:
    label = wanted.label or field_words(wanted.field)
    name, _, rest = label.partition(": ")
    if wanted.negated or label.startswith("not "):
        return f"that are {label if label.startswith('not ') else f'not {label}'}"
    if wanted.field == PRICE:
        return limits(wanted)
    if wanted.field == STOCK and not rest:
        return label if label == "in stock" else f"that are {label}"
    if not rest:
        return label
    return f"by {rest}" if _ends_in(wanted.field, _BRANDS) else f"with {name} {rest}"


def limits(wanted: Filter) -> str:
    """A price condition: ``under $50``, ``between $20 and $40``."""
    low, high = (_money(limit, wanted.unit) for limit in (wanted.low, wanted.high))
    if low and high:
        return f"between {low} and {high}"
    if high:
        return f"under {high}" if wanted.strict else f"for {high} or less"
    return f"over {low}" if wanted.strict else f"for {low} or more"


def _money(amount: float | None, currency: str) -> str:
    if amount is None:
        return ""
    written = price(Decimal(str(amount)), currency)
    return written.removesuffix(".00")


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
    cost = price_text(item)
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
    return field.replace("_", " ")


def fact_text(item: Product, field: str) -> str:
    """What is known of a product in one field; empty where nothing is."""
    if field == PRICE:
        return price_text(item)
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
