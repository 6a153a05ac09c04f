"""Conditions in words, as they are said of things: "tents that sleep 4 under $300"."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.facts import PRICE, STOCK, Filter
from core.money import price
from rag.exact_words import VERBS, field_words, is_noun, joined, with_article
from rag.shop_words import keys_of, listed

#: Last words of the names of fields that say what a thing is, and of some others.
_KINDS = listed("type kind category subcategory")
_BRANDS = listed("brand maker manufacturer vendor")
_COLOURS, _MATERIALS, _SIZES = listed("colour color"), listed("material fabric"), listed("size")
_HISSING = ("s", "x", "z", "ch", "sh")
#: Said after all others, and in this order.
_LAST = {PRICE: 1, STOCK: 2}
#: How a limit is read where a number has a name before it.
_LIMITS = {"from ": "of at least ", "over ": "over ", "under ": "under ", "up to ": "of up to "}


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
    many = count != 1 or is_many(filters)
    before, plain, having, being = list[str](), list[str](), list[str](), list[str]()
    # Prices and stock are said last: "tents in blue under $50 in stock".
    parts = [one for one in filters if not is_kind(one)]
    for one in sorted(parts, key=lambda one: _LAST.get(one.field, 0)):
        if said := _adjective(one):
            before.append(said)
            continue
        said = _condition(one, many)
        first, _, after = said.partition(" ")
        group = {"with": having, "that": being}.get(first)
        (plain if group is None else group).append(said if group is None else after)
    with_all = f"with {joined(having)}" if having else ""
    clause = f"that {joined(being)}" if being else ""
    said_all = [*before, _noun(filters, count), with_all, *plain, clause]
    return " ".join(filter(None, said_all))


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
    if wanted.texts != ("yes",) or wanted.negated or ":" in wanted.label:
        return ""
    words = wanted.label or field_words(wanted.field)
    return "" if is_noun(words) and " " in words else words


def _condition(wanted: Filter, many: bool) -> str:
    """A condition that is said after the thing, in the plural or not."""
    label = wanted.label or field_words(wanted.field)
    rest = label.partition(": ")[2]
    be = "are" if many else "is"
    if wanted.negated or label.startswith("not "):
        return _negated(wanted, label.removeprefix("not "), be)
    if wanted.field == PRICE:
        return f"for {label}" if label.startswith("around ") else limits(wanted)
    if wanted.field == STOCK and not rest:
        return label if label == "in stock" else f"that {be} {label}"
    if wanted.texts == ("yes",):
        return f"with {label}"
    if not rest:
        return label
    if wanted.low is not None or wanted.high is not None:
        return _numbered(wanted.field, rest, many)
    return _valued(wanted.field, rest)


def _negated(wanted: Filter, words: str, be: str) -> str:
    if wanted.texts == ("yes",) and is_noun(words):
        return f"without {words}"
    if _ends_in(wanted.field, _BRANDS):
        words = f"by {words}"
    elif _ends_in(wanted.field, _KINDS):
        words = _many(words) if be == "are" else with_article(words)
    return f"that {be} not {words}"


def _numbered(field: str, rest: str, many: bool) -> str:
    """A number with a name: ``that sleep at least 4``, ``with a capacity of 2 l``."""
    name = field_words(field)
    counted = rest.replace("from ", "at least ")
    if name in VERBS:
        return f"that {VERBS[name] if many else name} {counted}"
    if name.endswith("s") and not name.endswith("ss"):
        return f"with {counted} {name}"
    if name.isupper():
        return f"with {name} {counted}"
    for said, meant in _LIMITS.items():
        if rest.startswith(said):
            return f"with {with_article(name)} {meant}{rest.removeprefix(said)}"
    apart = "" if rest.startswith("down to ") else "of "
    return f"with {with_article(name)} {apart}{rest}"


def _valued(field: str, rest: str) -> str:
    if _ends_in(field, _BRANDS):
        return f"by {rest}"
    if _ends_in(field, _COLOURS):
        return f"in {rest}"
    if _ends_in(field, _MATERIALS):
        return f"made of {rest}"
    if _ends_in(field, _SIZES):
        return f"in {field_words(field)} {rest}"
    return f"with {field_words(field)} “{rest}”"


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
