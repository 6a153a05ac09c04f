"""Sizes of clothes and shoes in one spelling. Sizes are never converted between systems."""

from __future__ import annotations

import re

from batch.words import fold

ONE_SIZE = "One size"
_NAMES = {
    "xs": "extra small|x-small|xsmall|sehr klein",
    "s": "small|klein|petit|pequeno|piccolo|sm",
    "m": "medium|mittel|moyen|mediano|medio|med",
    "l": "large|gross|grand|grande|lg",
    "xl": "extra large|x-large|xlarge|sehr gross|tres grand",
    "xxl": "extra extra large|double extra large|xx-large|xxlarge",
    "xxxl": "xxx-large|xxxlarge|triple extra large",
}
_LETTERS = {name: letters.upper() for letters, names in _NAMES.items() for name in names.split("|")}
_ONE_SIZES = """
    one size|onesize|one size fits all|os|osfa|einheitsgrosse|taille unique|talla unica|
    taglia unica|universal|free size
"""
_ONE_SIZE = frozenset(name.strip() for name in _ONE_SIZES.split("|"))
_X = re.compile(r"(?:(\d)\s?x|(x{1,5}))\s?-?\s?([sl])(?:mall|arge)?")
_SYSTEMS = {"eu": "EU", "eur": "EU", "us": "US", "usa": "US", "uk": "UK", "gb": "UK", "jp": "JP"}
_SHOE = re.compile(
    r"(?:(?P<before>eur?|usa?|uk|gb|jp)\.?\s?(?:size|grosse)?\s?)?"
    r"(?P<number>\d{1,2})(?:(?P<decimal>[.,]5)|\s?(?P<half>½|1/2))?"
    r"(?:\s?(?P<after>eur?|usa?|uk|gb|jp)\.?)?"
)
#: Words before a size that say no more than that it is one.
_LABEL = re.compile(r"^(?:size|sizes|sz|gr|grosse|taille|talla|taglia)\b[.:]?\s*")


def size_of(text: str) -> str | None:
    """A size in its one spelling: "XL", "3XL", "EU 42", "US 9.5", "One size"; else None.

    "Extra large" is XL, "XXXL" is 3XL, "42 EU" and "Gr. EUR 42" are EU 42.
    """
    word = _LABEL.sub("", fold(text.replace("½", ".5")).strip(" ."))
    if word in _ONE_SIZE:
        return ONE_SIZE
    if found := _LETTERS.get(word):
        return _lettered(found)
    if word in ("s", "m", "l"):
        return word.upper()
    if match := _X.fullmatch(word):
        count = int(match[1]) if match[1] else len(match[2])
        return _lettered("X" * count + match[3].upper())
    return _shoe(word)


def _lettered(letters: str) -> str:
    count = letters.count("X")
    return f"{count}X{letters[-1]}" if count > 2 else letters


def _shoe(word: str) -> str | None:
    match = _SHOE.fullmatch(word)
    if match is None or bool(match["before"]) == bool(match["after"]):
        return None
    system = _SYSTEMS[match["before"] or match["after"]]
    half = ".5" if match["decimal"] or match["half"] else ""
    return f"{system} {match['number']}{half}"
