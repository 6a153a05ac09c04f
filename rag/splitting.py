"""Takes several questions in one apart: "Do you have tents, and when is shipping free?"."""

from __future__ import annotations

import re

MOST = 3
_STARTS = (
    "when|how|what|which|where|who|why|is|are|do|does|can|could|will|would|should|may|have|wann|wie|wo"
    "|quand|comment|où|cuándo|cómo|dónde|quando|come|dove|wanneer|hoe|waar"
)
_SENTENCE = re.compile(r"(?<=\?)\s+(?=\S)")
_JOINED = re.compile(
    rf"\s*(?:[,;]\s*(?:and|also|und|et|y|e|en)?|\s(?:and|und|et|y)(?:\s+also)?)\s+(?=(?:{_STARTS})\b)",
    re.IGNORECASE,
)
_COMPARES = re.compile(r"\b(?:compare|difference|differences|versus|vs)\b", re.IGNORECASE)
_QUESTION = re.compile(rf"^\W*(?:(?:and|also|but|please|so|hi|hello)\W+)*(?:{_STARTS})\b", re.I)
_ANY_START = re.compile(
    r"\b(?:what|which|how|when|where|do|does|is|are|can|need|want|looking|show|tell|find)\b", re.I
)


def split(question: str) -> tuple[str, ...]:
    """The questions in what a shopper typed, at most :data:`MOST`; itself where it is one."""
    parts = [part for sentence in _SENTENCE.split(question) for part in _clauses(sentence)]
    whole: list[str] = []
    for part in parts:
        alone = len(part.split()) >= 2 and len(whole) < MOST
        if whole and not alone:
            whole[-1] = f"{whole[-1]} {part}"
        else:
            whole.append(part)
    return tuple(whole)


def _clauses(sentence: str) -> list[str]:
    """A sentence at the places where another question begins; a condition is no question."""
    places = [found for found in _JOINED.finditer(sentence) if _may_part(sentence, found)]
    starts = [0, *(found.end() for found in places)]
    ends = [*(found.start() for found in places), len(sentence)]
    parts = [sentence[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    return [part for part in parts if part]


def _may_part(sentence: str, found: re.Match[str]) -> bool:
    before, after = sentence[: found.start()], sentence[found.end() :]
    if _COMPARES.search(before) or len(after.split()) < 3:
        return False
    # "boots that are light and are waterproof" goes on with what the boots are.
    goes_on = re.match(r"(?:is|are|does|do|can|will|have)\s+(?:not\s+)?\w+\s*[?.!]*$", after, re.I)
    relative = re.search(r"\b(?:that|which|who)\s+(?:\w+\s+){1,4}$", f"{before} ")
    return bool(_ANY_START.search(before)) and not goes_on and not relative
