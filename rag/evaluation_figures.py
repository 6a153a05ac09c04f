"""What the measured rankings and answers come to, in figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rag.evaluation import Ranked
from rag.verdict import Verdict

#: Kinds whose answer is computed.
EXACT = frozenset({"count", "exact"})
POLICY = "policy"

#: Figures by their names; None where there was nothing to measure.
Figures = dict[str, float | None]


def of_rankings(measured: Sequence[Ranked]) -> Figures:
    """Means of all queries, and how long they took in milliseconds."""
    names = measured[0].figures if measured else {}
    means = {name: _mean([one.figures[name] for one in measured]) for name in names}
    times = [one.ms for one in measured]
    return {**means, "p50_ms": share_below(times, 0.5), "p95_ms": share_below(times, 0.95)}


def of_answers(verdicts: Sequence[Verdict]) -> Figures:
    """Every figure of the goals.

    ``shown`` is about questions that the shop can answer, ``exact`` about counts and
    computed answers, ``citations`` about sentences that cite. Of the refusals, precision
    is the share that was right, recall the share that should be and was.
    """
    to_refuse = [one for one in verdicts if one.case.refuse]
    others = [one for one in verdicts if not one.case.refuse]
    refused = [one for one in verdicts if one.shown.refused]
    wrongly = [one for one in others if one.shown.refused and not one.case.may_refuse]
    cited = [claim.supported for one in verdicts for claim in one.claims]
    words = [one.shown.word_ms for one in verdicts if one.shown.word_ms is not None]
    cards = [one.shown.card_ms for one in verdicts]
    return {
        "right": _mean([one.right for one in verdicts]),
        "shown": _mean([one.right for one in others]),
        "exact": _mean([one.right for one in others if one.case.kind in EXACT]),
        "policy": _mean([one.right for one in others if one.case.kind == POLICY]),
        "citations": _mean(cited),
        "refusals": _mean([one.right for one in to_refuse]),
        "refusal_precision": _mean([one not in wrongly for one in refused]),
        "wrong_refusals": _mean([one in wrongly for one in others]),
        "first_card_p50_ms": share_below(cards, 0.5),
        "first_card_p95_ms": share_below(cards, 0.95),
        "first_word_p50_ms": share_below(words, 0.5),
        "first_word_p95_ms": share_below(words, 0.95),
    }


def by_kind(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """The verdicts of each kind of question, in the order in which the kinds came."""
    found: dict[str, list[Verdict]] = {}
    for one in verdicts:
        found.setdefault(one.case.kind, []).append(one)
    return found


def share_below(times: Iterable[float], share: float) -> float | None:
    """The time that such a share stays below: 0.5 is the median."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


def rankings_json(measured: Sequence[Ranked]) -> dict[str, Any]:
    """The figures with every query."""
    return {
        **_rounded(of_rankings(measured)),
        "queries": len(measured),
        "each": [
            {"query": one.query, **_rounded(dict(one.figures)), "found": list(one.ids)}
            for one in measured
        ],
    }


def answers_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The figures, by kind too, with every question and what was wrong."""
    kinds = by_kind(verdicts).items()
    return {
        **_rounded(of_answers(verdicts)),
        "questions": len(verdicts),
        "kinds": {kind: _kind_json(found) for kind, found in kinds},
        "each": [_verdict_json(one) for one in verdicts],
    }


def _kind_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    found = of_answers(verdicts)
    return {
        "questions": len(verdicts),
        "right": sum(one.right for one in verdicts),
        **_rounded({name: found[name] for name in found if name.endswith("_ms")}),
    }


def _verdict_json(one: Verdict) -> dict[str, Any]:
    shown = one.shown
    return {
        "id": one.case.id,
        "kind": one.case.kind,
        "half": one.case.half,
        "question": one.case.question,
        "right": one.right,
        "wrong": list(one.wrong),
        "answer": shown.text,
        "refused": shown.refused,
        "near": shown.near,
        "shown": [passage.id for passage in shown.passages],
        "unsupported": [claim.text for claim in one.claims if not claim.supported],
        "failed": shown.failed,
        **_rounded({"card_ms": shown.card_ms, "word_ms": shown.word_ms}),
        "total_ms": round(shown.total_ms, 1),
    }


def _mean(parts: Sequence[float]) -> float | None:
    return sum(parts) / len(parts) if parts else None


def _rounded(found: Figures) -> Figures:
    return {name: None if one is None else round(one, 4) for name, one in found.items()}
