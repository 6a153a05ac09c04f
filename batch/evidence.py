"""What demonstrations say about a row's values beside the model, and what is made of both.

The model reads a row as a whole but slips at the edges of values; words that
people have approved before, and the places where they stand, do not. Each
value that somebody proposes has the weight of all who propose it. The
weightiest are taken, one for a field, none overlapping another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from batch.fields import FieldSet, FieldType
from batch.tagger import Tagger
from batch.tokens import place_of, tokens
from batch.vocabulary import Vocabulary
from core.nearest import Demonstration

#: What a likely value weighs, by who says so. Chosen on held-out rows: see docs/quality.md.
VOCABULARY_WEIGHT = 1.0
TAGGER_WEIGHT = 0.7
#: The model's word counts for more in a field whose values are mostly new, such as a name.
MODEL_WEIGHT = 0.2
MODEL_WEIGHT_OF_NEW = 0.5
#: A value that weighs less is not taken.
ENOUGH = 0.3
#: Weights are rounded to this: a demonstration more should not make another row of each row.
STEP = 0.05
#: Fields share words of a row where they do so in this share of the products that have both.
OFTEN = 0.25
#: A tagger has nothing to learn from fewer.
FEWEST = 8
#: More do not make it better, only slower: the latest are used.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value that demonstrations suggest.

    Attributes:
        field: The field's name.
        start: Its first character in the row's text.
        end: One past its last character.
        weight: How much it counts, in steps of :data:`STEP`.
    """

    field: str
    start: int
    end: int
    weight: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What demonstrations say of the fields of a product type, whatever the row.

    Attributes:
        trust: Field to what the model's word on it weighs.
        shared: Pairs of fields whose values may overlap, such as a name with the brand in it.
    """

    trust: tuple[tuple[str, int], ...] = ()
    shared: tuple[tuple[str, str], ...] = ()


NO_RULES = Rules()


class Witness:
    """What the demonstrations of one product type say about rows.

    Args:
        demonstrations: All of the type.
        fields: The fields of the type.
    """

    def __init__(self, demonstrations: Sequence[Demonstration], fields: FieldSet) -> None:
        names = [one.name for one in fields if _read_off(one.copied, one.type)]
        latest = demonstrations[-MOST:]
        self._vocabulary = Vocabulary(demonstrations, names)
        self._tagger = Tagger(latest, names) if len(latest) >= FEWEST and names else None
        trust = (
            (name, _steps(MODEL_WEIGHT + MODEL_WEIGHT_OF_NEW * self._vocabulary.novelty(name)))
            for name in names
        )
        self.rules = Rules(tuple(trust), _shared(demonstrations, names))

    def about(self, text: str) -> tuple[Evidence, ...]:
        """What speaks for which values of a row."""
        there = tokens(text)
        weights: defaultdict[tuple[str, int, int], float] = defaultdict(float)
        for place, likely in self._vocabulary.find(there).items():
            weights[place] += VOCABULARY_WEIGHT * likely
        for place, likely in self._tagger.find(there).items() if self._tagger else ():
            weights[place] += TAGGER_WEIGHT * likely
        return tuple(
            Evidence(field, there[first].start, there[last - 1].end, _steps(weight))
            for (field, first, last), weight in sorted(weights.items())
            # No value goes from one column into the next.
            if _steps(weight) and "\n" not in text[there[first].start : there[last - 1].end]
        )


def _shared(
    demonstrations: Sequence[Demonstration], names: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """The pairs of fields whose values often overlap."""
    both: Counter[tuple[str, str]] = Counter()
    overlapping: Counter[tuple[str, str]] = Counter()
    for one in demonstrations:
        text = tokens(one.text)
        found = [
            (name, place_of(str(one.answer[name]), text)) for name in names if one.answer.get(name)
        ]
        for (first, here), (second, there) in combinations(found, 2):
            if here and there:
                both[first, second] += 1
                overlapping[first, second] += here[0] < there[1] and there[0] < here[1]
    return tuple(pair for pair in sorted(both) if overlapping[pair] >= OFTEN * both[pair])


def _steps(weight: float) -> int:
    return round(weight / STEP)


def _read_off(copied: bool, kind: FieldType) -> bool:
    """Whether a field's values stand in the row as they are."""
    return copied and kind is FieldType.TEXT


Place = tuple[str, int, int]


def settle(
    fields: FieldSet,
    answer: Mapping[str, Any],
    text: str,
    evidence: Sequence[Evidence],
    rules: Rules,
) -> dict[str, Any]:
    """An answer in the light of the evidence.

    Fields whose values are not copied from the row stay as the model gave them, and so do
    required ones that would otherwise have no value. What was to be copied and does not
    stand in the row is left out.

    Args:
        fields: The row's fields.
        answer: As the model gave it.
        text: The row as the model read it.
        evidence: What demonstrations say.
        rules: What they say of the fields; none: the answer stays as it is.
    """
    if not rules.trust:
        return dict(answer)
    ours = {one.name.casefold(): one.name for one in fields if _read_off(one.copied, one.type)}
    settled = {key: value for key, value in answer.items() if key.strip().casefold() not in ours}
    weights: defaultdict[Place, int] = defaultdict(int)
    for one in evidence:
        weights[one.field, one.start, one.end] += one.weight
    there, weight_of = tokens(text), dict(rules.trust)
    for key, value in answer.items():
        field = ours.get(key.strip().casefold())
        place = place_of(value, there) if field and isinstance(value, str) else None
        if field and place:
            span = there[place[0]].start, there[place[1] - 1].end
            weights[(field, *span)] += weight_of.get(field, 0)
    found = {field: text[start:end] for field, start, end in _weightiest(weights, rules)}
    required = {one.name.casefold() for one in fields if one.required and one.name not in found}
    kept = {key: value for key, value in answer.items() if key.strip().casefold() in required}
    return settled | kept | found


def _weightiest(weights: Mapping[Place, int], rules: Rules) -> list[Place]:
    """The values to take: one for a field, overlapping only where that is usual."""

    def rank(place: Place) -> tuple[int, int, int, str]:
        field, start, end = place
        return -weights[place], start, -end, field

    shared = {frozenset(pair) for pair in rules.shared}
    taken: list[Place] = []
    for place in sorted(weights, key=rank):
        field, start, end = place
        if weights[place] >= _steps(ENOUGH) and all(
            field != other
            and (end <= first or last <= start or frozenset((field, other)) in shared)
            for other, first, last in taken
        ):
            taken.append(place)
    return taken
