"""How sure a model was of each value, told by the probabilities of its tokens.

The measure is the geometric mean of the probabilities of the tokens that a value
is written with: a long value is not less sure for being long.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from core.model import Token

_DECODER = json.JSONDecoder()


def confidences(text: str, tokens: Sequence[Token], names: Iterable[str]) -> dict[str, float]:
    """The confidence of each field's value in an answer, 0 to 1.

    Args:
        text: The answer, a JSON object.
        tokens: What it was written with, in order; none where the endpoint does not tell.
        names: The fields.

    Returns:
        By field name; a field whose value cannot be found is not in it.
    """
    if not tokens:
        return {}
    # Servers leave out what models put around an answer, such as the marks of a code block.
    before = "".join(token.text for token in tokens).find(text)
    if before < 0:
        return {}
    ends = list(accumulate((len(token.text) for token in tokens), initial=-before))[1:]
    found = {}
    for name in names:
        if (span := _span(text, name)) is not None:
            found[name] = _sure(tokens, ends, *span)
    return found


def _span(text: str, name: str) -> tuple[int, int] | None:
    """Where a field's value stands in an answer, without the quotes of a text."""
    for key in (json.dumps(name, ensure_ascii=False), json.dumps(name)):
        at = text.find(key)
        colon = text.find(":", at + len(key)) if at >= 0 else -1
        if colon < 0:
            continue
        start = colon + 1 + len(text[colon + 1 :]) - len(text[colon + 1 :].lstrip())
        try:
            value, end = _DECODER.raw_decode(text, start)
        except ValueError:
            return None
        quoted = isinstance(value, str) and end - start > len('""')
        return (start + 1, end - 1) if quoted else (start, end)
    return None


def _sure(tokens: Sequence[Token], ends: Sequence[int], start: int, end: int) -> float:
    own = [
        token.logprob
        for token, token_end in zip(tokens, ends, strict=True)
        if token_end > start and token_end - len(token.text) < end
    ]
    return round(math.exp(sum(own) / len(own)), 4) if own else 0.0


def told(given: Mapping[str, object], settled: Mapping[str, object]) -> list[str]:
    """The fields whose value is still the model's own, so that its confidence is the value's."""
    return [name for name, value in settled.items() if given.get(name) == value]
