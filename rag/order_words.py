"""Reads out of a question by which number things are to be ranked: "cheapest", "lightest"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.facts import PRICE, Order
from rag.shop_words import keys_of, listed, words_of
from rag.stated import alternatives
from rag.vocabulary import Vocabulary

_CHEAP = """
    cheapest|least expensive|lowest price|lowest priced|lowest-priced|most affordable|best price
    |günstigste|günstigsten|günstigster|günstigstes|billigste|billigsten|billigster|billigstes
    |moins cher|moins chère|moins chers|moins chères|más barato|más barata|más baratos|más baratas
    |più economico|più economica|più economici|meno caro|meno cara|goedkoopste|mais barato
    |mais barata|mais baratos|mais baratas
"""
_CHEAPER = """
    cheaper|less expensive|more affordable|günstiger|günstigere|billiger|billigere|goedkoper
    |goedkopere|lower price|lower priced
"""
_DEAR = """
    most expensive|priciest|dearest|highest price|highest priced|teuerste|teuersten|teuerster
    |teuerstes|plus cher|plus chère|plus chers|plus chères|más caro|más cara|más caros|más caras
    |più caro|più cara|più cari|duurste|mais caro|mais cara|mais caros|mais caras
"""
_MONEY = re.compile(
    rf"(?<!\w)(?:(?P<cheap>{alternatives(_CHEAP)})|(?P<cheaper>{alternatives(_CHEAPER)})"
    rf"|(?P<dear>{alternatives(_DEAR)}))(?!\w)(?!\s+(?:than|que|als|di)\b)",
    re.IGNORECASE,
)
#: By which field, whose name has one of these words, and whether the highest comes first.
_OTHERS = {
    "lightest": ("weight", False),
    "heaviest": ("weight", True),
    "leichteste": ("weight", False),
    "tallest": ("height", True),
    "brightest": ("brightness lumen", True),
    "warmest": ("comfort_temperature", False),
    "most powerful": ("power wattage", True),
    "strongest": ("power load", True),
    "roomiest": ("capacity volume", True),
    "largest": ("capacity volume area", True),
    "biggest": ("capacity volume area", True),
    "smallest": ("capacity volume area", False),
    "widest": ("width diameter", True),
    "deepest": ("depth", True),
    "longest": ("length", True),
    "shortest": ("length", False),
    "fastest": ("speed", True),
    "hold the most": ("capacity volume load", True),
    "holds the most": ("capacity volume load", True),
    "lasts longest": ("battery", True),
    "lasts the longest": ("battery", True),
}
_SUPERLATIVE = re.compile(
    rf"(?<!\w)(?:{alternatives('|'.join(_OTHERS))})(?!\w)(?!\s+than\b)", re.IGNORECASE
)
_FIELD = re.compile(
    r"\b(?:(?P<most>most|highest|longest|largest|biggest|greatest|best|max(?:imum)?)"
    r"|(?P<least>lowest|least|shortest|smallest|fewest))\s+(?P<name>[\w -]{3,40})",
    re.IGNORECASE,
)
_ENDS = listed("cheap cheaply affordable inexpensive expensive best cheapest")
#: Words of a field's name that alone do not tell which one is meant.
_VAGUE = listed("size type comfort max min number")


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order, where the words for it are, and whether only the first is wanted."""

    order: Order
    start: int
    end: int
    first: bool = True


def ranking(question: str, vocabulary: Vocabulary) -> Ranking | None:
    """How a question wants things ranked; None where it does not, or by nothing that is known."""
    if found := _MONEY.search(question):
        order = Order(PRICE, descending=bool(found["dear"]))
        return Ranking(order, found.start(), found.end(), first=not found["cheaper"])
    return _by_field_name(question, vocabulary) or _by_superlative(question, vocabulary)


def is_ranking(word: str) -> bool:
    """Whether a word only says which end of a range is wanted: "cheap", "biggest"."""
    return bool(_MONEY.fullmatch(word) or _SUPERLATIVE.fullmatch(word)) or word.lower() in _ENDS


def _by_field_name(question: str, vocabulary: Vocabulary) -> Ranking | None:
    """ "The longest battery life", where there is a field ``battery``."""
    for found in _FIELD.finditer(question):
        for word in words_of(found["name"])[:2]:
            named = [
                name
                for name in vocabulary.numeric
                if word.key in keys_of(name) and word.key not in _VAGUE
            ]
            if named:
                field = min(named, key=lambda name: (len(keys_of(name)), name))
                rest = words_of(found["name"])
                named_by = {"life", *keys_of(field)}
                known = [other.end for other in rest if other.key in named_by]
                end = found.start("name") + max([word.end, *known])
                return Ranking(Order(field, bool(found["most"])), found.start(), end)
    return None


def _by_superlative(question: str, vocabulary: Vocabulary) -> Ranking | None:
    found = _SUPERLATIVE.search(question)
    if found is None:
        return None
    names, descending = _OTHERS[" ".join(found[0].lower().split())]
    for name in names.split():
        if field := field_named(name, vocabulary):
            return Ranking(Order(field, descending), found.start(), found.end())
    return None


def field_named(name: str, vocabulary: Vocabulary) -> str | None:
    """The numeric field that is called so, or has the word in its name; None without any."""
    if name in vocabulary.numeric:
        return name
    having = [field for field in vocabulary.numeric if keys_of(name)[0] in keys_of(field)]
    return min(having, key=lambda field: (len(field), field), default=None)
