"""Languages by their ISO 639 codes, whatever language they are named in."""

from __future__ import annotations

import re
from functools import cache

from batch.words import fold

#: Languages whose names for languages are known.
LOCALES = ("en", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da", "cs")
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][a-z]{2,4})?", re.IGNORECASE)


def language_of(text: str) -> str | None:
    """The code of a language ("de") from its name, code or tag; None for no language."""
    word = fold(text).strip(" .")
    if found := _names().get(word):
        return found
    if _TAG.fullmatch(text.strip()):
        code = word.replace("_", "-").split("-")[0]
        return code if code in _codes() else _three_letters().get(code)
    return None


@cache
def _codes() -> frozenset[str]:
    return frozenset(_names().values())


@cache
def _names() -> dict[str, str]:
    """Every name of a language, also each language's own, to its code."""
    from babel import Locale

    names: dict[str, str] = {}
    for locale in LOCALES:
        for code, name in Locale(locale).languages.items():
            if len(code) in (2, 3):
                names.setdefault(fold(str(name)), str(code))
    return names


@cache
def _three_letters() -> dict[str, str]:
    """Three-letter codes that have one of two letters: "deu" and "ger" are "de"."""
    from babel.core import get_global

    aliases = get_global("language_aliases")
    return {str(code): str(name) for code, name in aliases.items() if len(code) == 3}
