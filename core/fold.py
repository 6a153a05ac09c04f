"""One form for texts that people take for the same: case, accents, spacing and hyphens apart."""

from __future__ import annotations

import re
import unicodedata

_APART = re.compile(r"[\s\-‐-―_/]+")


def fold(text: str) -> str:
    """The text in the form in which texts are compared: ``Émail-Blue`` is ``email blue``."""
    parts = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return _APART.sub(" ", plain.casefold()).strip()
