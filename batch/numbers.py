"""Numbers as shops write them: which number a text is, whatever its grouping and its comma."""

from __future__ import annotations

import re

# A sign counts only where no word goes before it: "size-10" is ten.
NUMBER = re.compile(r"(?:(?<![\w.])[-+])?(?:\d[\d,.]*\d|\d|\.\d+)")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3}){2,})")
#: The "2" of "m2" counts no metres.
EXPONENT = re.compile(r"((?<![^\W\d_])(?:[cmk]?m|ft))[23](?!\d)", re.IGNORECASE)
#: Numbers that are often spelled out, in figures.
_SPELLED = {
    "1": "one eins",
    "2": "two zwei deux dos double pair",
    "3": "three drei trois tres tre triple",
    "4": "four vier quatre cuatro quattro",
    "5": "five funf cinq cinco cinque",
    "6": "six sechs seis",
    "7": "seven sieben sept siete sette",
    "8": "eight acht huit ocho otto",
    "9": "nine neun nueve",
    "10": "ten zehn dix diez dieci",
    "12": "twelve zwolf douze doce dodici dozen",
}
SPELLED = {word: figures for figures, listed in _SPELLED.items() for word in listed.split()}


def only_number(words: str) -> float:
    """``1,299.50``, ``1.299,50``, ``12,5 cm`` and ``1,299``; a single point is decimal.

    Raises:
        ValueError: It is not one number.
    """
    (text,) = NUMBER.findall(words)
    comma, point = text.rfind(","), text.rfind(".")
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[,.]", "", text)
    elif comma >= 0 and point >= 0:
        text = text.replace("." if comma > point else ",", "")
    return float(text.replace(",", "."))


def plain(number: float) -> str:
    """A number in its shortest form: ``12`` for 12.0."""
    return f"{number:.12g}"
