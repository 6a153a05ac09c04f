"""A long text in parts that a model can read, and which of them to read for what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from batch.fields import Field
from batch.words import words

#: What the next part repeats, so that nothing is torn apart.
OVERLAP = 120
#: Parts beyond the first that are read at most: each is a call.
MORE_PARTS = 3

_SENTENCE = re.compile(r"[.!?;。！？\n]\s*")
#: Words of descriptions that say nothing of what is looked for.
_COMMON = frozenset(
    word
    for listed in (
        "a an and are as at be by for from has if in is it its not of on or that the this to with",
        "any all none named stated state given when where which what leave empty only main name",
        "der die das und oder le la les et ou de el los y o in il product text title write written",
    )
    for word in listed.split()
)


def split(text: str, size: int) -> tuple[str, ...]:
    """The text in parts of at most so many characters, cut where a sentence or a word ends."""
    parts = []
    start = 0
    while len(text) - start > size:
        end = _cut(text, start, start + size)
        parts.append(text[start:end])
        start = text.find(" ", end - OVERLAP, end) + 1 or end
    return (*parts, text[start:])


def _cut(text: str, start: int, limit: int) -> int:
    """Where a part ends: after a sentence in its last tenth, or else after a word."""
    earliest = limit - (limit - start) // 10
    ends = [match.end() for match in _SENTENCE.finditer(text, earliest, limit)]
    return ends[-1] if ends else text.rfind(" ", earliest, limit) + 1 or limit


def likeliest(parts: Sequence[str], fields: Iterable[Field]) -> list[int]:
    """The parts that speak of these fields most, by their number, in the text's order.

    Plain matching of the fields' words decides; parts that are alike come as they stand.

    Args:
        parts: All of them; the first has been read.
        fields: What is still missing.
    """
    wanted = {stem for field in fields for stem in _stems(field)}
    ranked = sorted(
        range(1, len(parts)),
        key=lambda number: (-len(wanted & set(words(parts[number]).stems)), number),
    )
    return sorted(ranked[:MORE_PARTS])


def _stems(field: Field) -> Iterable[str]:
    said = " ".join((field.name, field.unit, field.description, *field.choices))
    return (word.stem for word in words(said.replace("_", " ")).all if word.fold not in _COMMON)
