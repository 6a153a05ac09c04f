"""When two questions are the same: case, spacing and punctuation apart, and nothing else.

Signs that change what is asked stay: those inside numbers, of currencies, percentages
and measures. "Under $1.50" and "under $150" are different questions.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

#: Quotes, brackets and stops; a stop, comma or colon between digits belongs to the number.
_PUNCTUATION = re.compile(
    r"[!?;\"'‘’‚‛“”„«»‹›´`…¿¡()\[\]{}。，、！？；：·]|(?<!\d)[.,:](?!\d)|(?<=\d)[.,:](?!\d)"
    r"|(?<!\S)[-‐-―]+(?!\S)"
)


def same_form(question: str) -> str:
    """The form in which the same questions are equal.

    Args:
        question: In a shopper's words.
    """
    text = unicodedata.normalize("NFKC", question).casefold()
    return " ".join(_PUNCTUATION.sub(" ", text.replace("'", "").replace("’", "")).split())


def question_key(question: str) -> bytes:
    """Sixteen bytes that name a question: equal for the same ones."""
    return hashlib.blake2b(same_form(question).encode(), digest_size=16).digest()
