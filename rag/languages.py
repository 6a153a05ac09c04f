"""Which language a question is in, told offline; English where that is not clear.

Few languages are looked for: the fewer there are, the fewer short questions are
taken for another one.
"""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGLISH = "en"
_CODES = "en de fr es it nl pt sv da pl tr cs ru uk zh ja ko ar he"
LANGUAGES = tuple(_CODES.split())
#: Letters that say nothing of a language: links, addresses, markup.
_NO_WORDS = re.compile(r"<[^>]{0,200}>|https?://\S+|\S+@\S+|[\d$€£%]+")
_LETTER = re.compile(r"[^\W\d_]")
_OWN_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LEAST_LETTERS, LEAST_WORDS, SURE = 6, 2, 0.8
MOST_CHARACTERS = 400


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language; ``en`` where it is short or not clear."""
    plain = _NO_WORDS.sub(" ", text[:MOST_CHARACTERS]).strip()
    letters = len(_LETTER.findall(plain))
    own_script = bool(_OWN_SCRIPT.search(plain))
    if not own_script and (letters < LEAST_LETTERS or len(plain.split()) < LEAST_WORDS):
        return ENGLISH
    code, probability = _identifier().classify(plain.lower())
    return str(code) if own_script or probability >= SURE else ENGLISH


def language_name(code: str) -> str:
    """A language's name in English, such as ``German``; the code itself where it has none."""
    try:
        return Locale.parse(code).get_language_name("en") or code
    except (ValueError, TypeError, LookupError):
        return code


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    return identifier
