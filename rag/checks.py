"""Asks the check questions: of the shop as it is, and as a release would make it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import products, releases
from core.db import Database
from rag import documents, golden, staged
from rag.chain import Counter
from rag.golden import Answered, Ask, CheckQuestion, Verdict
from rag.shop_copy import as_it_would_be

#: In a release's report: what the check questions came to.
CHECKS = "checks"
#: Told what is being done, in words, and how much of it is done.
OnStep = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """A check question before and after a publication.

    Attributes:
        passed_now: Whether the shop answers it as expected now.
        passes_then: Whether it will.
        why: What is wrong with it after the publication; empty if nothing is.
        shown_now: The titles of what is shown now, in order.
        shown_then: Of what will be shown.
    """

    question: str
    passed_now: bool
    passes_then: bool
    why: tuple[str, ...]
    shown_now: tuple[str, ...]
    shown_then: tuple[str, ...]

    @property
    def worse(self) -> bool:
        """Whether it is answered as expected now, and will not be."""
        return self.passed_now and not self.passes_then

    @property
    def moved(self) -> bool:
        """Whether other things are shown, or in another order."""
        return self.shown_now != self.shown_then

    def to_json(self) -> dict[str, Any]:
        """The form kept in a release's report."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Compared:
        """Rebuild it from :meth:`to_json`."""
        lists = {name: tuple(stored[name]) for name in ("why", "shown_now", "shown_then")}
        return cls(**(dict(stored) | lists))


def rehearsed(counter: Counter) -> Ask:
    """Has a counter answer without a model, and without a trace of the question."""

    def ask(question: str) -> Answered:
        return counter.ask(question, rehearsal=True)

    return ask


def run(
    db: Database,
    ask: Ask,
    asked: Sequence[CheckQuestion] | None = None,
    on_step: Callable[[float], None] = lambda share: None,
) -> list[Verdict]:
    """Ask check questions of a shop.

    Args:
        db: The tables of the shop as it is, for the names that people know things by.
        ask: Answers them.
        asked: Which ones; None: all that are enabled.
        on_step: Told which share of them is asked.

    Raises:
        ServiceError: The search cannot be reached.
    """
    questions = golden.listing(db, only_enabled=True) if asked is None else asked
    titles = _titles(db, questions)
    found = []
    for at, one in enumerate(questions):
        on_step(at / len(questions))
        found.append(golden.judge(one, ask(one.question), titles))
    return found


def compare(
    db: Database,
    counter: Counter,
    release_id: str,
    on_step: OnStep = lambda text, share: None,
) -> list[Compared]:
    """Ask the check questions as the shop is and as a release would make it; keeps the report.

    Raises:
        NotFoundError: There is no such release.
        ServiceError: The search cannot be reached.
    """
    questions = golden.listing(db, only_enabled=True)
    now = run(
        db, rehearsed(counter), questions, lambda share: on_step("Asking the shop as it is", share)
    )
    # What has no vector yet would be found less well than it will be.
    whole = max(1, releases.get(db, release_id).products)
    staged.embed(
        db,
        counter.retriever.embedder,
        release_id,
        lambda done: on_step("Reading the products that are to be published", done / whole),
    )
    on_step("Making the shop as it would be", 0.0)
    with as_it_would_be(db, release_id) as copy:
        then = run(
            db,
            rehearsed(counter.over(copy)),
            questions,
            lambda share: on_step("Asking the shop as it would be", share),
        )
    found = [_compared(*pair) for pair in zip(now, then, strict=True)]
    report = {CHECKS: [one.to_json() for one in found], "checked_at": time.time()}
    releases.note(db, release_id, report)
    return found


def reported(report: Mapping[str, Any]) -> list[Compared] | None:
    """What a release's report says of the check questions; None where they were not asked."""
    stored = report.get(CHECKS)
    return None if stored is None else [Compared.from_json(one) for one in stored]


def _compared(now: Verdict, then: Verdict) -> Compared:
    return Compared(now.question.question, now.passed, then.passed, then.why, now.shown, then.shown)


def _titles(db: Database, questions: Sequence[CheckQuestion]) -> dict[str, str]:
    keys = {key for one in questions for key in one.expected.products}
    names = {name for one in questions for name in one.expected.documents}
    there = products.get(db, sorted(keys))
    return {key: item.title for key, item in there.items()} | {
        name: item.title for name, item in documents.get(db, names).items()
    }
