"""Judges one answer: were the right things shown and told, and was it right to refuse?

Pure: knows what was shown, and never asks anything itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.cases import Case
from rag.cited_sentences import Claim, card_text, claims, numbers, tells
from rag.exchange import Comparison, Kind, Passage

#: Kinds whose answers are computed: the words have to tell it, and a number on some card is
#: no count.
COMPUTED, COUNTED = frozenset({"count", "exact"}), "count"
#: Kinds whose facts a model has to tell: a card beside a wrong sentence does not mend it.
TOLD = frozenset({"policy", "two in one"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a shopper had on the screen in the end.

    Attributes:
        text: The words.
        written: Whether a model was there to write them.
        refused: It was said that the shop has nothing of the kind.
        near: What is shown is only near to what was asked for.
        card_ms: From the question to its sources.
        word_ms: To the first word; None without any.
        total_ms: To the end.
        failed: Why there are no (more) words; else empty.
    """

    passages: tuple[Passage, ...]
    text: str = ""
    written: bool = True
    refused: bool = False
    near: bool = False
    comparison: Comparison | None = None
    card_ms: float = 0.0
    word_ms: float | None = None
    total_ms: float = 0.0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How good one answer was.

    Attributes:
        wrong: What is wrong with it, in phrases; empty: nothing.
        claims: Its sentences that cite something.
    """

    case: Case
    shown: Shown
    wrong: tuple[str, ...]
    claims: tuple[Claim, ...]

    @property
    def right(self) -> bool:
        """Whether it was as it should be."""
        return not self.wrong


def judge(case: Case, shown: Shown) -> Verdict:
    """Compare what was shown with what is right."""
    known = {number for wordings in case.facts for one in wordings for number in numbers(one)}
    asked = " ".join([*case.before, case.question])
    cited = claims(shown.text, shown.passages, asked, known)
    return Verdict(case, shown, tuple(_wrong(case, shown)), tuple(cited))


def _wrong(case: Case, shown: Shown) -> Iterator[str]:
    if case.refuse:
        if not shown.refused:
            yield "not refused"
        return
    if shown.refused:
        if not case.may_refuse:
            yield "refused"
        return
    if shown.near:
        yield "shown as near only"
    yield from _wrong_products(case, shown)
    yield from _wrong_documents(case, shown)
    yield from _wrong_facts(case, shown)


def _wrong_products(case: Case, shown: Shown) -> Iterator[str]:
    ids = [one.product.id for one in shown.passages if one.product]
    if lacking := [id for id in case.must if id not in ids]:
        yield f"not shown: {', '.join(lacking)}"
    if case.any and not set(case.any) & set(ids):
        yield f"none shown of {', '.join(case.any[:4])}"
    if case.first and ids[:1] != [case.first]:
        yield f"first is {ids[0] if ids else 'nothing'}, not {case.first}"
    if case.only and (strange := [id for id in ids if id not in case.only]):
        yield f"does not fit: {', '.join(strange)}"
    if unfit := [id for id in ids if id in case.never]:
        yield f"must not be shown: {', '.join(unfit)}"


def _wrong_documents(case: Case, shown: Shown) -> Iterator[str]:
    found = {one.id.removeprefix("policy:").rpartition("#")[0] for one in _policies(shown)}
    if lacking := [name for name in case.documents if name not in found]:
        yield f"policy not shown: {', '.join(lacking)}"


def _wrong_facts(case: Case, shown: Shown) -> Iterator[str]:
    said = shown.text
    if not _in_words(case, shown):
        said = "\n".join([said, *map(card_text, shown.passages), _table(shown.comparison)])
    for wordings in case.facts:
        if not any(tells(said, one) for one in wordings):
            yield f"not told: {' or '.join(wordings[:3])}"


def _in_words(case: Case, shown: Shown) -> bool:
    """Whether nothing but the words counts."""
    if case.kind in COMPUTED:
        return case.kind == COUNTED or bool(shown.text.strip())
    return case.kind in TOLD and shown.written


def _policies(shown: Shown) -> list[Passage]:
    return [one for one in shown.passages if one.kind is Kind.POLICY]


def _table(comparison: Comparison | None) -> str:
    return "" if comparison is None else "\n".join(" ".join(row[1]) for row in comparison.rows)
