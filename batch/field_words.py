"""When two fields mean the same: their words without case, number, filler and spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

#: Words for the same thing; the first one stands for all.
_SAME = """
    color colour shade hue tint farbe couleur
    brand maker manufacturer label vendor producer make marke marque
    material fabric composition textile
    weight mass
    audience gender target recipient
    tag keyword searchterm
    flavor flavour taste
    scent fragrance aroma smell
    capacity volume
    waterproof watertight
    origin provenance
    warranty guarantee
    care washing laundry
    kind type sort
"""
_CANONICAL = {word: line.split()[0] for line in _SAME.strip().splitlines() for word in line.split()}
#: Words that make no other field of it: "main color", "product color", "color of the item".
_FILLER = """
    a an the of in on for to and or is it its as by with from that this product item main primary
    overall stated given name value
"""
_FILLERS = frozenset(_FILLER.split())
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Descriptions at least this alike, of 100, say the same; shorter ones say too little to tell.
ALIKE = 92
LEAST_WORDS = 5


@lru_cache(maxsize=4096)
def meaning(text: str) -> tuple[str, ...]:
    """The words that carry a text's meaning, in order: ``Main colours`` is ``color``."""
    words = (_canonical(word) for word in _WORD.findall(_HUMP.sub(" ", text)))
    kept = tuple(word for word in words if word not in _FILLERS)
    # A name of nothing but filler is told apart by itself.
    return kept or tuple(word.casefold() for word in _WORD.findall(text))


def same_name(one: str, other: str) -> bool:
    """Whether two names of fields mean the same."""
    return set(meaning(one)) == set(meaning(other))


def same_description(one: str, other: str) -> bool:
    """Whether two descriptions ask for the same, so that one of the fields is one too many."""
    words, others = meaning(one), meaning(other)
    if min(len(words), len(others)) < LEAST_WORDS:
        return False
    return fuzz.token_sort_ratio(" ".join(words), " ".join(others)) >= ALIKE


def _canonical(word: str) -> str:
    word = word.casefold()
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in _CANONICAL:
            return _CANONICAL[form]
    return word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
