"""Reads a product as people have read those of its kind, word by word.

A conditional random field, learnt from demonstrations in a fraction of a second.
It sees what the words next to a value say ("Pack of", a comma, an ounce), where
the vocabulary sees the value alone.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pycrfsuite

from batch.tokens import Token, place_of, tokens
from core.nearest import Demonstration

#: Tokens to each side whose words count.
REACH = 2
#: Positions after this one are alike.
FAR = 3
_OUTSIDE = "O"
_TRAINING = {
    "c1": 0.1,
    "c2": 0.1,
    "max_iterations": 60,
    "feature.possible_transitions": True,
}

#: A field's name, and the first and one past the last token of its value.
Place = tuple[str, int, int]


class Tagger:
    """Tells fields' values in products of one type.

    Args:
        demonstrations: Of this type.
        fields: Names of the fields to tell.
    """

    def __init__(self, demonstrations: Sequence[Demonstration], fields: Sequence[str]) -> None:
        trainer = pycrfsuite.Trainer(verbose=False, params=_TRAINING)
        for one in demonstrations:
            text = tokens(one.text)
            if text:
                trainer.append(_features(text), _labels(text, one.answer, fields))
        # The library writes what it has learnt to a file, and reads it from memory.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            trainer.train(str(path))
            self._model = path.read_bytes()
        self._tagger: Any = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._model)

    def find(self, text: Sequence[Token]) -> dict[Place, float]:
        """The most likely values of a text, one a field, and how likely each is, 0 to 1."""
        if not text:
            return {}
        labels = self._tagger.tag(_features(text))
        best: dict[str, tuple[Place, float]] = {}
        for field, start, end in _runs(labels):
            likely = min(self._tagger.marginal(labels[at], at) for at in range(start, end))
            if field not in best or likely > best[field][1]:
                best[field] = (field, start, end), likely
        return dict(best.values())


def _runs(labels: Sequence[str]) -> Iterator[Place]:
    start = 0
    while start < len(labels):
        end = start + 1
        if labels[start] != _OUTSIDE:
            field = labels[start][2:]
            while end < len(labels) and labels[end] == f"I-{field}":
                end += 1
            yield field, start, end
        start = end


def _labels(text: Sequence[Token], answer: Mapping[str, Any], fields: Sequence[str]) -> list[str]:
    """For each token the field whose value it begins or continues."""
    labels = [_OUTSIDE] * len(text)
    for field in fields:
        value = answer.get(field)
        place = place_of(value, text) if isinstance(value, str) else None
        if place:
            start, end = place
            labels[start:end] = [f"B-{field}"] + [f"I-{field}"] * (end - start - 1)
    return labels


def _features(text: Sequence[Token]) -> list[list[str]]:
    return [_of_token(text, at) for at in range(len(text))]


def _of_token(text: Sequence[Token], at: int) -> list[str]:
    found = ["always", f"position={min(at, FAR)}"]
    for away in range(-REACH, REACH + 1):
        if 0 <= at + away < len(text):
            token = text[at + away]
            found += [f"{away}:{token.shape}", f"{away}:form={_form(token)}"]
            found.append(f"{away}:ending={token.word[-3:]}")
        else:
            found.append(f"{away}:none")
    if at + 1 < len(text):
        found.append(f"pair={text[at].shape} {text[at + 1].shape}")
    return found


def _form(token: Token) -> str:
    """How a word is written: "Aaa" for Red, "000" for 250."""
    letters = re.sub(r"[^\W\d_]", lambda found: "A" if found[0].isupper() else "a", token.written)
    return re.sub(r"\d", "0", letters)[:6]
