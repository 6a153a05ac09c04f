"""``python -m batch evaluate``: how good extraction is, on products whose values are known."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from batch.evaluation import Evaluation, Scored, evaluate, lessons_of, total
from batch.golden import (
    TEST,
    Golden,
    golden_plan,
    read_golden,
    sample,
    training_file,
)
from batch.plan import Plan
from batch.scoring import interval
from core import services
from core.console import Exit, bar, opened, print_json, say
from core.errors import CatalogError
from core.pool import open_pool
from core.roster import needs_embedded
from core.services import Service
from core.settings import Settings

#: Loading the model takes seconds, or minutes on a machine that is busy with other things.
START_TIMEOUT_S = 300.0
NONE = "none"
_HEAD = ("", "rows", "valid", "precision", "recall", "F1", "95% interval")


def evaluate_command(
    data: Annotated[
        Path, typer.Option(help="Folder with test.jsonl, and train_small.jsonl or train.jsonl.")
    ],
    demos: Annotated[
        str,
        typer.Option(help="What may be learnt from: none, train_small, train, or a file."),
    ] = NONE,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help="Rows at most: of each category in turn, the same ones each time."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure extraction against products whose values are known.

    The fields of a category are those that some product of train_small.jsonl has.
    Products that are asked for are never learnt from. The embedded model is started
    where no endpoint is configured.
    """
    with opened() as (settings, _):
        found = _read(data, TEST)
        plan = golden_plan(read_golden(training_file(data)))
        asked = [one for one in sample(found, limit) if plan.of_type(one.category)]
        if not asked:
            raise CatalogError(
                f"{data}: no category of test.jsonl has fields in its training file."
            )
        learnt = [] if demos == NONE else _learnt(data, demos)
        measured = _measure(settings, asked, plan, learnt)
        _report(measured)
        if as_json:
            print_json(_as_json(measured, demos))
        raise typer.Exit(Exit.OK if measured.valid == len(measured.rows) else Exit.ROWS_FAILED)


def _read(data: Path, name: str) -> list[Golden]:
    if not data.is_dir():
        raise CatalogError(f"There is no folder {data}.")
    return read_golden(data / f"{name}.jsonl")


def _learnt(data: Path, demos: str) -> list[Golden]:
    """The products to learn from: of a file in the folder by its name, or of any file."""
    named = data / f"{demos}.jsonl"
    path = named if named.exists() else Path(demos)
    if path.resolve() == (data / f"{TEST}.jsonl").resolve():
        raise CatalogError("What is measured by cannot be learnt from: choose another --demos.")
    return read_golden(path)


def _measure(
    settings: Settings, asked: Sequence[Golden], plan: Plan, learnt: Sequence[Golden]
) -> Evaluation:
    needs = {Service.MODEL} if needs_embedded(settings) else set()
    try:
        if needs:
            services.ensure(settings, needs)
            # Said once, however long it takes.
            told = cache(say)
            services.wait_healthy(settings, needs, START_TIMEOUT_S, told)
        with bar("Extracting") as advance, closing(open_pool(settings)) as pool:
            advance(0, len(asked))
            lessons = lessons_of(learnt, asked, plan, settings.examples)
            return evaluate(pool, asked, plan, lessons, advance)
    finally:
        if needs:
            services.stop(settings)


def _report(measured: Evaluation) -> None:
    lines = [_line(name, rows) for name, rows in measured.by_category().items()]
    lines.append(_line("all", measured.rows))
    widths = [max(len(line[at]) for line in [_HEAD, *lines]) for at in range(len(_HEAD))]
    for line in [_HEAD, *lines]:
        first, *others = line
        padded = [text.rjust(width) for text, width in zip(others, widths[1:], strict=True)]
        say("  ".join([first.ljust(widths[0]), *padded]))
    speed = len(measured.rows) / measured.seconds * 60 if measured.seconds else 0.0
    say(f"{len(measured.rows):,} rows in {measured.seconds:,.0f} s, {speed:.1f} rows a minute")


def _line(name: str, rows: Sequence[Scored]) -> tuple[str, ...]:
    counts, (low, high) = total(rows), interval([one.counts for one in rows])
    valid = sum(one.valid for one in rows)
    figures = (counts.precision, counts.recall, counts.f1)
    shown = (f"{figure:.3f}" for figure in figures)
    return name, f"{len(rows):,}", f"{valid:,}", *shown, f"{low:.3f} to {high:.3f}"


def _as_json(measured: Evaluation, demos: str) -> dict[str, Any]:
    return {
        **_figures(measured.rows),
        "seconds": round(measured.seconds, 1),
        "demos": demos,
        "categories": {name: _figures(rows) for name, rows in measured.by_category().items()},
    }


def _figures(rows: Sequence[Scored]) -> dict[str, Any]:
    counts, (low, high) = total(rows), interval([one.counts for one in rows])
    return {
        "precision": round(counts.precision, 4),
        "recall": round(counts.recall, 4),
        "f1": round(counts.f1, 4),
        "f1_interval": [round(low, 4), round(high, 4)],
        "rows": len(rows),
        "valid": sum(one.valid for one in rows),
        "prompt_tokens": sum(one.tokens.prompt for one in rows),
        "completion_tokens": sum(one.tokens.completion for one in rows),
    }
