"""What no sentence may carry to a shopper: our own prompt, addresses that no source gives."""

from __future__ import annotations

import re

from rag.prompts import EXAMPLE_BRAND, SYSTEM
from rag.support import WORD, Support

#: So many words of the prompt in a row are no chance.
PROMPT_RUN = 6
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s)\]>\"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:[\w-]+\.)+(?:com|net|org|io|co|shop|store|info|biz|example|test|ru|cn|de|fr|uk|xyz)\b",
    re.IGNORECASE,
)
#: The form of our prompt and of the conversation that a small model likes to go on with, and
#: tags, which an answer in words never has.
_FORM = re.compile(
    r"<\s?[/!]?[a-z]|^\W*(?:facts|question|system|user|assistant|human)\s*:|<\|[^|]*\|>"
    r"|\b(?:system prompt|my instructions|the instructions (?:above|i (?:was|were|have been)))\b",
    re.IGNORECASE,
)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in WORD.findall(text)]
    return {tuple(words[at : at + PROMPT_RUN]) for at in range(len(words) - PROMPT_RUN + 1)}


_PROMPT = _runs(SYSTEM)


def leaks(sentence: str, support: Support) -> bool:
    """Whether a sentence tells what is no shopper's business, or sends them elsewhere."""
    if _FORM.search(sentence) or not _PROMPT.isdisjoint(_runs(sentence)):
        return True
    if EXAMPLE_BRAND.lower() in sentence.lower() and EXAMPLE_BRAND.lower() not in support.text:
        return True
    return any(
        found[0].rstrip(".,;:!?").casefold() not in support.text
        for found in _ADDRESS.finditer(sentence)
    )
