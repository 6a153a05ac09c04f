"""Prints what was measured, for people: tables, and every wrong answer with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from core.console import say
from rag.evaluation import Ranked
from rag.evaluation_figures import by_kind, of_answers, of_rankings
from rag.verdict import Verdict

#: What is asked of each figure: its name, what it is called, and its goal.
GOALS = (
    ("shown", "right products or facts shown", ">= 90%"),
    ("exact", "exact answers", "100%"),
    ("policy", "policy answers", ">= 85%"),
    ("refusals", "refused what is not in the shop", ">= 90%"),
    ("wrong_refusals", "refused wrongly", "<= 5%"),
    ("refusal_precision", "refusals that were right", ""),
    ("citations", "citations whose source supports them", ""),
)
ANSWER_CHARS = 160


def report_rankings(console: Console, measured: Mapping[str, Sequence[Ranked]]) -> None:
    """A line of figures for each part of the search."""
    table = Table("ranked by", "queries", *of_rankings(next(iter(measured.values()))))
    for part, ranked in measured.items():
        figures = of_rankings(ranked).items()
        table.add_row(part, f"{len(ranked):,}", *(_number(name, one) for name, one in figures))
    console.print(table)


def report_verdict(one: Verdict) -> None:
    """A wrong answer, or one with a wrong citation, when it comes."""
    unsupported = [claim.text for claim in one.claims if not claim.supported]
    if one.right and not one.shown.failed and not unsupported:
        return
    case, shown = one.case, one.shown
    asked = " → ".join([*case.before, case.question])
    say(f"{case.id}  {asked}", style="yellow")
    for phrase in one.wrong:
        say(f"    {phrase}")
    for text in unsupported:
        say(f"    not in the sources it cites: {text}")
    titles = [f"[{passage.number}] {passage.id}" for passage in shown.passages]
    say(f"    shown: {' '.join(titles) or 'nothing'}", style="dim")
    if shown.text.strip():
        say(f"    said: {' '.join(shown.text.split())[:ANSWER_CHARS]}", style="dim")
    if shown.failed:
        say(f"    failed: {shown.failed}", style="dim")


def report_answers(console: Console, verdicts: Sequence[Verdict]) -> None:
    """The figures by kind and as a whole."""
    kinds = Table("kind", "questions", "right", "share", "first card p95 ms", "first word p50 ms")
    for kind, found in by_kind(verdicts).items():
        kinds.add_row(kind, *_line(found))
    kinds.add_row("all", *_line(verdicts))
    whole = of_answers(verdicts)
    table = Table("figure", "measured", "goal")
    for name, label, goal in GOALS:
        table.add_row(label, _number(name, whole[name]), goal)
    for name in ("first_card_p50_ms", "first_card_p95_ms", "first_word_p50_ms"):
        table.add_row(name.replace("_", " "), _number(name, whole[name]), "")
    table.add_row("first word p95 ms", _number("first_word_p95_ms", whole["first_word_p95_ms"]), "")
    console.print(kinds)
    console.print(table)


def _line(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    found, right = of_answers(verdicts), sum(one.right for one in verdicts)
    times = (found["first_card_p95_ms"], found["first_word_p50_ms"])
    shown = (_number("_ms", one) for one in times)
    return f"{len(verdicts)}", f"{right}", f"{right / len(verdicts):.0%}", *shown


def _number(name: str, one: float | None) -> str:
    if one is None:
        return "–"
    if name.endswith("_ms"):
        return f"{one:,.0f}"
    return f"{one:.3f}" if "@" in name or name == "mrr" else f"{one:.1%}"
