"""One form for texts that people take for the same: case, accents, spacing and hyphens apart."""

from __future__ import annotations

import re
import unicodedata

_APART = re.compile(r"[\s\-‐-―_/]+")


def fold(text: str) -> str:
    """The text in the form in which texts are compared: ``Émail-Blue`` is ``email blue``."""
    return _APART.sub(" ", unaccented(text)).strip()


def unaccented(text: str) -> str:
    """Letters without their case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()
