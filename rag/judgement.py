"""Judges what a search found: is it about the question, and what is worth showing?

Pure decisions on scores; finds nothing itself. The thresholds were chosen on
``tests/rag/questions.json``, and the tests there hold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.exchange import Kind, Passage

SIMILARITY_WEIGHT = 0.8
COVERAGE_WEIGHT = 0.2
#: "Can I return the tent?" is closer to tents by its other words, and yet about returns.
NAMED_WEIGHT = 0.2
#: The lowest in-shop question has 0.36.
RELEVANT_SIMILARITY = 0.345
#: With nearly all of the question's words in it, this similarity is enough.
WORDED_SIMILARITY = 0.2
WORDED_COVERAGE = 0.75
#: Most passages of a kind, by whether it leads or is an addition to the other kind.
LEADING = {Kind.PRODUCT: 4, Kind.POLICY: 3}
ADDED = {Kind.PRODUCT: 3, Kind.POLICY: 2}
#: How much weaker than the best a passage may be, and one of the other kind. Products that are
#: merely similar mislead a small model.
KEPT_SHARE = {Kind.PRODUCT: 0.7, Kind.POLICY: 0.6}
ADDED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that may answer the question.

    Attributes:
        coverage: The share of the question's meaningful words that it contains.
        fused: What ranks it among others of its kind: see rag/fusion.py.
        named: Whether it is of a document that the question names, see rag/rule_words.py.
    """

    passage: Passage
    coverage: float
    fused: float = 0.0
    named: bool = False

    @property
    def strength(self) -> float:
        """What speaks for it, in one number from 0 to 1."""
        named = NAMED_WEIGHT if self.named else 0.0
        return SIMILARITY_WEIGHT * self.passage.score + COVERAGE_WEIGHT * self.coverage + named

    @property
    def relevant(self) -> bool:
        """Whether it is about the question at all."""
        score = self.passage.score
        worded = score >= WORDED_SIMILARITY and self.coverage >= WORDED_COVERAGE
        return worded or score >= RELEVANT_SIMILARITY


#: What was found of each kind, best first.
Ranked = Mapping[Kind, Sequence[Candidate]]


def best_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates in order; of the same passage only the better one."""
    best: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda candidate: -candidate.fused):
        best.setdefault(candidate.passage.id, candidate)
    return list(best.values())


def choose(ranked: Ranked) -> list[Candidate]:
    """What to answer from: the stronger kind, and of the other what is about as strong."""
    best_of = {
        kind: max(candidate.strength for candidate in ranked[kind]) for kind in Kind if ranked[kind]
    }
    if not best_of:
        return []
    leader, *others = sorted(best_of, key=lambda kind: -best_of[kind])
    best = best_of[leader]
    led = [item for item in ranked[leader] if item.strength >= KEPT_SHARE[leader] * best]
    chosen = led[: LEADING[leader]]
    for kind in others:
        near = (item for item in ranked[kind] if item.strength >= ADDED_SHARE * best)
        chosen += [item for item in near if item.relevant][: ADDED[kind]]
    return chosen
