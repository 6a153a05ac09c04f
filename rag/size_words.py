"""Reads a size out of a question: "in size M" fits what is made in S to XXL.

Shops write the sizes of a thing in one text, as a list or a range: each that
has the size asked for fits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from core.facts import Filter
from rag.stated import Reading
from rag.vocabulary import Role, Vocabulary

_LETTERS = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
_ALSO = {"2xl": "xxl", "3xl": "xxxl", "small": "s", "medium": "m", "large": "l", "2xs": "xxs"}
_LETTER = r"\d?x{0,3}[sl]|m|small|medium|large"
_ASKED = re.compile(
    r"\b(?:in\s+)?(?:a\s+)?(?:size|sizes|grösse|größe|taille|talla|taglia|maat)\s+"
    rf"(?P<system>eu|uk|us)?\s*(?P<size>{_LETTER}|\d{{1,3}})\b",
    re.IGNORECASE,
)
#: Capitals alone are a size, too, where somebody wears it: "a jacket in XL".
_CAPITALS = re.compile(r"\bin\s+(?:an?\s+)?(?P<size>X{0,3}[SL]|M)\b")
_NUMBERS = re.compile(
    r"(?<![\d.,½])(?P<low>\d{1,3})(?:\s*(?:-|–|to)\s*(?P<high>\d{1,3}))?(?![\d.,½])"
)
#: A text with one of these is a measure, and no size that is worn.
_MEASURED = re.compile(
    r"\d\s*(?:x\s*\d|mm|cm|m\b|inch|\"|ml|l\b|oz|qt|quart|cup)|\"", re.IGNORECASE
)
_SYSTEM = re.compile(r"\b(?:eu|uk|us)\b", re.IGNORECASE)


def sizes(question: str, vocabulary: Vocabulary) -> list[Reading]:
    """The size that a question asks for, where the shop has it; none or one."""
    field = vocabulary.named(Role.SIZE)
    found = _ASKED.search(question) or _CAPITALS.search(question)
    if field is None or found is None:
        return []
    size, system = found["size"].lower(), (found.groupdict().get("system") or "").lower()
    shown: Mapping[str, str] = vocabulary.fields[field].shown
    texts = tuple(
        text
        for text in sorted(vocabulary.fields[field].texts)
        if _has(shown.get(text, text).lower(), _ALSO.get(size, size), system)
    )
    if not texts:
        return []
    words = f"{found['system']} {found['size']}" if system else found["size"]
    label = f"{field.replace('_', ' ')}: {words.upper() if len(size) < 4 else words}"
    return [Reading(Filter(field, texts=texts, label=label), *found.span())]


@lru_cache(8192)
def _has(text: str, size: str, system: str) -> bool:
    """Whether a size is among those that a text lists."""
    if _MEASURED.search(text):
        return False
    if size.isdigit():
        written = _SYSTEM.search(text)
        if system and (written is None or written[0] != system):
            return False
        ranges = (
            (int(one["low"]), int(one["high"] or one["low"])) for one in _NUMBERS.finditer(text)
        )
        return any(low <= int(size) <= high for low, high in ranges)
    return size in _letters(text)


def _letters(text: str) -> Collection[str]:
    """The sizes by letters that a text lists, those between the ends of a range included."""
    bare = re.sub(r"[(/].*?[)/]", " ", text) if "(" in text else text
    named = [_ALSO.get(one, one) for one in re.findall(rf"\b(?:{_LETTER})\b", bare)]
    known = [_LETTERS.index(one) for one in named if one in _LETTERS]
    ranged = re.search(rf"\b(?:{_LETTER})\s*(?:-|–|to|through|bis)\s*(?:{_LETTER})\b", bare)
    if ranged and known:
        known = list(range(min(known), max(known) + 1))
    return [_LETTERS[at] for at in known]
