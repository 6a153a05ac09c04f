"""What each part of extraction adds, and what it costs, on rows of train.jsonl kept apart.

``python -m benchmarks.quality DATA [--rows 40] [--demos train_small]``, on the configured
endpoints. test.jsonl is not opened: parts are chosen here, and measured there once, by
``python -m batch evaluate``. Every reading of an answer is of the same answer, so that
one part differs at a time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from batch.evaluation import COLUMNS, lessons_among
from batch.evidence import settle
from batch.extract import Extraction
from batch.golden import (
    Golden,
    as_demonstrations,
    golden_plan,
    golden_row,
    read_golden,
    sample,
    training_file,
)
from batch.inputs import Input, Inputs, in_prompt_order
from batch.lessons import NO_LESSON, Lesson, shown
from batch.plan import Plan
from batch.reading import read
from batch.scoring import Counts, count, interval
from core.batch_lane import BatchLane
from core.console import opened
from core.model import Answer
from core.nearest import Demonstration
from core.pool import Pool, open_pool
from core.usage import Tokens
from core.values import Origin

RANDOM_SHOWN = 10

#: From an answer and its row to field and value.
Read = Callable[[Answer, Input], Mapping[str, str]]

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows that were asked for in one way, and what it took."""

    items: Sequence[Input]
    answers: Sequence[Answer]
    seconds: float

    @property
    def tokens(self) -> Tokens:
        """Of all answers together."""
        return sum((one.tokens for one in self.answers), Tokens())


async def _ask(pool: Pool, plan: Plan, items: Sequence[Input]) -> dict[int, Answer]:
    extraction = Extraction(COLUMNS, plan, attempts=1)
    lane = BatchLane(pool, timeout_s=pool.settings.call_timeout_s)
    answers: dict[int, Answer] = {}
    source = iter(items)

    async def row_after_row() -> None:
        for item in source:
            answers[item.row_no] = await lane.complete(extraction.request(item), lambda _: None)

    try:
        slots = sum(one.slots for one in pool.roster.endpoints())
        await asyncio.gather(*(row_after_row() for _ in range(slots)))
    finally:
        await lane.close()
    return answers


def asked(pool: Pool, plan: Plan, items: Sequence[Input], *, ordered: bool = True) -> Asked:
    """Ask for rows."""
    begun = time.monotonic()
    found = asyncio.run(_ask(pool, plan, in_prompt_order(items) if ordered else items))
    seconds = time.monotonic() - begun
    return Asked(items, [found[item.row_no] for item in items], seconds)


def as_given(answer: Answer, _: Input) -> Mapping[str, str]:
    """What the model said, as it said it."""
    parsed: dict[str, Any] = orjson.loads(answer.text)
    return {name: str(value) for name, value in parsed.items() if value}


def grounded(answer: Answer, item: Input) -> Mapping[str, str]:
    """What of it stands in the row, as the row writes it."""
    told = read(answer, replace(item, lesson=NO_LESSON), COLUMNS.text)
    return {
        name: value.text()
        for name, value in told.values.items()
        if value.origin is not Origin.INFERRED
    }


def weighed(answer: Answer, item: Input) -> Mapping[str, str]:
    """As a job reads it: weighed with what demonstrations say."""
    told = read(answer, item, COLUMNS.text)
    return {name: value.text() for name, value in told.values.items()}


def without_model(_: Answer, item: Input) -> Mapping[str, str]:
    """What demonstrations say by themselves."""
    return settle(item.fields, {}, item.text, item.lesson.evidence, item.lesson.rules)


def told(label: str, rows: Sequence[Golden], way: Asked, reading: Read) -> None:
    """Print the figures of one way to ask and one way to read."""
    counts = [
        count([field.name for field in item.fields], reading(answer, item), row.values)
        for row, item, answer in zip(rows, way.items, way.answers, strict=True)
    ]
    whole, (low, high) = sum(counts, Counts()), interval(counts)
    print(
        f"| {label} | {whole.precision:.3f} | {whole.recall:.3f} | {whole.f1:.3f} "
        f"| {low:.3f} to {high:.3f} |",
        flush=True,
    )


def speed(label: str, way: Asked) -> None:
    """Print what one way to ask took."""
    rows, tokens = len(way.items), way.tokens
    print(
        f"| {label} | {60 * rows / way.seconds:.1f} | {tokens.prompt / rows:.0f} "
        f"| {tokens.cached / rows:.0f} | {tokens.completion / rows:.0f} |",
        flush=True,
    )


def at_random(items: Sequence[Input], learnt: Sequence[Demonstration]) -> list[Input]:
    """Rows that are shown any ten of their product type, in any order."""
    taught = []
    for item in items:
        chance = random.Random(item.text)
        alike = [one for one in learnt if one.product_type == item.product_type]
        chosen = chance.sample(alike, min(RANDOM_SHOWN, len(alike)))
        turns = [each for one in chosen for each in shown([one], item.fields)]
        taught.append(replace(item, lesson=Lesson(tuple(turns))))
    return taught


def kept_apart(data: Path, rows: int) -> tuple[list[Golden], Plan]:
    """Rows of train.jsonl that are not in the smaller file, and their fields."""
    small = read_golden(training_file(data))
    there = {one.text for one in small}
    plan = golden_plan(small)
    others = {one.text: one for one in read_golden(data / "train.jsonl") if one.text not in there}
    return sample(list(others.values()), rows, seed=7), plan


@app.command()
def main(
    data: Annotated[Path, typer.Argument(help="Folder with train_small.jsonl and train.jsonl.")],
    rows: Annotated[int, typer.Option(help="Rows to measure by.")] = 40,
    demos: Annotated[str, typer.Option(help="What is learnt from.")] = "train_small",
) -> None:
    """Print the tables of docs/quality.md."""
    apart, plan = kept_apart(data, rows)
    texts = {one.text for one in apart}
    learnt = as_demonstrations(
        [one for one in read_golden(data / f"{demos}.jsonl") if one.text not in texts], plan
    )
    cells = [(number, golden_row(one)) for number, one in enumerate(apart)]
    plain = Inputs(COLUMNS, plan).all(cells)
    with opened() as (settings, _), closing(open_pool(settings)) as pool:
        taught = Inputs(COLUMNS, plan, lessons_among(learnt, settings.examples)).all(cells)
        bare, ours = asked(pool, plan, plain), asked(pool, plan, taught)
        ten = asked(pool, plan, at_random(plain, learnt), ordered=False)
    print(f"{len(apart)} rows, {len(learnt)} demonstrations of {demos}\n")
    print("| what | precision | recall | F1 | 95% interval |\n|---|---|---|---|---|")
    told("no demonstrations, as the model says", apart, bare, as_given)
    told("… only what stands in the row, once", apart, bare, grounded)
    told("ten at random, as the model says", apart, ten, as_given)
    told("the nearest, as the model says", apart, ours, as_given)
    told("… only what stands in the row, once", apart, ours, grounded)
    told("demonstrations without the model", apart, ours, without_model)
    told("the nearest, weighed with all", apart, ours, weighed)
    told(
        "ten at random, weighed with all",
        apart,
        replace(
            ten,
            items=[
                replace(item, lesson=replace(lesson.lesson, shown=item.lesson.shown))
                for item, lesson in zip(ten.items, taught, strict=True)
            ],
        ),
        weighed,
    )
    print(
        "\n| what | rows a minute | tokens read | of them cached | written |\n|---|---|---|---|---|"
    )
    speed("no demonstrations", bare)
    speed("ten at random", ten)
    speed("the nearest", ours)


if __name__ == "__main__":
    app()
