"""The parts of an answer, one for each question that was asked, before a model is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from core.statuses import GapKind
from rag.exchange import Comparison, Kind, Passage
from rag.query import Query


class Outcome(StrEnum):
    """What one question came to."""

    TALK = "talk"  #: a greeting; nothing to look for
    EXACT = "exact"  #: computed from the facts
    FOUND = "found"  #: sources are there, the words have to be written
    NO_FACT = "no_fact"  #: the product is there, what is asked about it is not known
    NEAR = "near"  #: it is not there; the nearest things are shown
    NOTHING = "nothing"  #: nothing is even near
    NO_QUESTION = "no_question"  #: nothing that could be answered was asked


@dataclass(frozen=True, slots=True)
class Part:
    """One question of those asked, and what it came to.

    Attributes:
        passages: Its sources, numbered as in the whole answer.
        text: What is said without a model; empty where the words have to be written.
        missing: What was missing, for the shop's owner; empty if nothing was.
    """

    query: Query
    outcome: Outcome
    passages: tuple[Passage, ...] = ()
    text: str = ""
    comparison: Comparison | None = None
    missing: str = ""

    @property
    def refused(self) -> bool:
        """Whether the shop does not have, or does not say, what was asked."""
        return self.outcome not in (Outcome.TALK, Outcome.EXACT, Outcome.FOUND)

    @property
    def gap(self) -> GapKind | None:
        """What kind of thing was missing; None where nothing was."""
        if not self.refused or self.outcome is Outcome.NO_QUESTION:
            return None
        if self.outcome is Outcome.NO_FACT:
            return GapKind.NO_FACT
        policy = bool(self.passages) and self.passages[0].kind is Kind.POLICY
        return GapKind.NO_POLICY if policy else GapKind.NOT_SOLD


class Numbers:
    """Gives every source of an answer one number, in the order in which they come."""

    def __init__(self) -> None:
        self._shown: dict[str, Passage] = {}

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of them, from 1."""
        return tuple(self._shown.values())

    def take(self, passages: Iterable[Passage]) -> tuple[Passage, ...]:
        """The same passages under their numbers."""
        for passage in passages:
            known = self._shown.get(passage.id)
            number = known.number if known else len(self._shown) + 1
            self._shown[passage.id] = replace(known or passage, number=number)
        return tuple(self._shown[passage.id] for passage in passages)
