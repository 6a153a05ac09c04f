"""The values that are known of each field, and how far each is to be trusted.

A value is known when a demonstration has it. It is trusted as far as the
demonstrations that contain its words have it for the field: "Organic" that is
the specialty of nine products in ten is good evidence, "Green" that is mostly
part of a brand is not. Numbers count as any number: "24 oz" teaches "12 oz".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from batch.tokens import Token, place_of, tokens
from core.nearest import Demonstration

#: Longest value that is looked for, in tokens.
LONGEST = 24

Words = tuple[str, ...]
#: A field's name, and the first and one past the last token of a text.
Place = tuple[str, int, int]


class Vocabulary:
    """What demonstrations teach of the values of fields.

    Args:
        demonstrations: Of one product type.
        fields: Names of the fields to learn.
    """

    def __init__(self, demonstrations: Sequence[Demonstration], fields: Sequence[str]) -> None:
        self._fields = frozenset(fields)
        #: Words of a value to the fields that have it, and to how many products have it so.
        self._known: defaultdict[Words, Counter[str]] = defaultdict(Counter)
        texts = [tokens(one.text) for one in demonstrations]
        answers = [
            self._values(one.answer, text) for one, text in zip(demonstrations, texts, strict=True)
        ]
        for answer in answers:
            for field, words in answer:
                self._known[words][field] += 1
        self._longest = min(LONGEST, max((len(words) for words in self._known), default=0))
        self._seen: Counter[Words] = Counter()
        asked: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for text, answer in zip(texts, answers, strict=True):
            self._count(text, answer, asked, right)
        self._products = len(demonstrations)
        self._new = self._novelty(answers)
        self._usual = {field: (right[field] + 1) / (asked[field] + 2) for field in self._fields}

    def _values(
        self, answer: Mapping[str, object], text: Sequence[Token]
    ) -> set[tuple[str, Words]]:
        """Fields with the words of the values that the text has, and with any number for theirs."""
        found: set[tuple[str, Words]] = set()
        for field, value in answer.items():
            if field not in self._fields or not isinstance(value, str):
                continue
            if place := place_of(value, text):
                stated = text[place[0] : place[1]]
                found.add((field, tuple(one.word for one in stated)))
                found.add((field, tuple(one.shape for one in stated)))
        return found

    def _count(
        self,
        text: Sequence[Token],
        answer: set[tuple[str, Words]],
        asked: Counter[str],
        right: Counter[str],
    ) -> None:
        """Note which known values a text contains, and which of them are its own."""
        for words in {words for words, _, _ in self._contained(text)}:
            self._seen[words] += 1
            for field, owners in self._known[words].items():
                own = (field, words) in answer
                # How good a value is that other products taught.
                if owners > own:
                    asked[field] += 1
                    right[field] += own

    def _novelty(self, answers: Sequence[set[tuple[str, Words]]]) -> dict[str, float]:
        """For each field the share of products that have a value which no other one has."""
        new: Counter[str] = Counter()
        for answer in answers:
            known = {field for field, words in answer if self._known[words][field] > 1}
            new.update({field for field, _ in answer} - known)
        return {field: new[field] / max(1, self._products) for field in self._fields}

    def novelty(self, field: str) -> float:
        """How likely a product is to have a value that is not known yet, 0 to 1."""
        return self._new.get(field, 0.0)

    def _contained(self, text: Sequence[Token]) -> Iterator[tuple[Words, int, int]]:
        for start in range(len(text)):
            for end in range(start + 1, min(start + self._longest, len(text)) + 1):
                words = tuple(one.word for one in text[start:end])
                if words in self._known:
                    yield words, start, end
                shape = tuple(one.shape for one in text[start:end])
                if shape != words and shape in self._known:
                    yield shape, start, end

    def find(self, text: Sequence[Token]) -> dict[Place, float]:
        """Known values that stand in a text, and how likely each is the field's, 0 to 1."""
        found: dict[Place, float] = {}
        for words, start, end in self._contained(text):
            for field, owners in self._known[words].items():
                # One made-up product that is like the usual: what was seen once proves little.
                likely = (owners + self._usual[field]) / (self._seen[words] + 1)
                place = (field, start, end)
                found[place] = max(likely, found.get(place, 0.0))
        return found
