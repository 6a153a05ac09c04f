"""``python -m batch forecast``: what a job will take, before anything is spent on it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from batch.columns import Columns
from batch.command_choices import choose_columns, store_catalog
from batch.estimate import Estimate, Range, Way, When, estimate
from batch.estimating import read_sample
from batch.extract import Outcome
from batch.field_sources import find_plan
from batch.forecast import Forecast, forecast
from batch.memory import models
from batch.plan import Plan
from batch.plan_file import check_plan
from batch.uploads import Upload
from core import services
from core.chat_lane import ChatLane
from core.console import bar, opened, print_json, say
from core.db import Database
from core.money import money
from core.pool import open_pool
from core.roster import configured, needs_embedded
from core.services import Service
from core.settings import Settings
from core.statuses import RowStatus

START_TIMEOUT_S = 60.0
_WORDS = {When.NOW: "Now", When.BACKGROUND: "In the background", When.CHEAPEST: "Cheapest"}
_HOUR_S = 3600


def forecast_catalog(
    catalog: Annotated[Path, typer.Argument(metavar="IN.csv", help="The catalog.")],
    fields: Annotated[
        str, typer.Option(help="FIELDS.json, or the name of a saved set or template.")
    ],
    id_column: Annotated[
        str | None, typer.Option("--id", help="Column with the product id.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Column to read; may be repeated.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="As if no row was known already.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Tell what a job will take: tokens, money and time for each way, and rows to review.

    Reads about 20 rows that stand for the catalog. What comes of them is kept: a job
    with the same fields and model does not pay for them again.
    """
    with opened() as (settings, db):
        plan = find_plan(db, fields)
        upload = store_catalog(settings, db, catalog)
        check_plan(plan, upload.catalog.columns)
        columns = choose_columns(settings, upload, id_column, text)
        with bar("Looking for rows that were read before") as advance:
            answering = models(configured(settings))
            found = forecast(settings, db, upload.id, columns, plan, answering, advance)
        outcomes = _read(settings, db, upload, columns, plan, found, fresh=fresh)
        left = _left(found, outcomes, fresh=fresh)
        judged = estimate(left, outcomes, configured(settings))
        if as_json:
            print_json(as_object(found, judged))
        else:
            _print(found, judged)


def _read(
    settings: Settings,
    db: Database,
    upload: Upload,
    columns: Columns,
    plan: Plan,
    found: Forecast,
    *,
    fresh: bool,
) -> list[Outcome]:
    """Read the sample, with a bar."""
    numbers = found.sample_of_all if fresh else found.sample
    if not numbers:
        return []
    outcomes: list[Outcome] = []
    needs = {Service.MODEL} if needs_embedded(settings) else set()
    try:
        services.ensure(settings, needs)
        services.wait_healthy(settings, needs, START_TIMEOUT_S, say)
        with (
            bar("Reading a few rows") as advance,
            closing(ChatLane(open_pool(settings))) as lane,
            closing(read_sample(db, lane, upload.id, columns, plan, numbers)) as ready,
        ):
            for outcome in ready:
                outcomes += [outcome] if outcome else []
                advance(len(outcomes), len(numbers))
    finally:
        services.stop(settings)
    return outcomes


def _left(found: Forecast, outcomes: list[Outcome], *, fresh: bool) -> int:
    """Rows that are still to be asked for, now that these are known."""
    if fresh:
        return found.rows
    read = sum(one.status is RowStatus.DONE and one.attempts > 0 for one in outcomes)
    return max(0, found.to_ask - read)


def as_object(found: Forecast, judged: Estimate | None) -> dict[str, Any]:
    """A forecast as a script wants to know it."""
    counts = {"rows": found.rows, "known": found.known, "repeated": found.repeated}
    if judged is None:
        return counts | {"to_ask": found.to_ask, "read": 0}
    review = judged.review
    return counts | {
        "to_ask": judged.to_ask,
        "read": judged.read,
        "failed": judged.failed,
        "review": {"rows": review.count, "of": review.of, "low": review.low, "high": review.high},
        "prompt_tokens": _range(judged.prompt),
        "cached_tokens": _range(judged.cached),
        "completion_tokens": _range(judged.completion),
        "ways": {str(way.when): _way(way) for way in judged.ways},
        "advised": str(judged.advised),
    }


def _range(one: Range) -> dict[str, float]:
    return {"low": round(one.low, 4), "expected": round(one.middle, 4), "high": round(one.high, 4)}


def _way(way: Way) -> dict[str, Any]:
    return {
        "endpoints": list(way.endpoints),
        "cost": _range(way.cost) if way.cost else None,
        "currency": way.currency or None,
        "free": way.free,
        "seconds": None if way.seconds is None else round(way.seconds, 3),
    }


def _print(found: Forecast, judged: Estimate | None) -> None:
    equal = f", {found.repeated:,} equal to another row" if found.repeated else ""
    say(f"{found.rows:,} rows: {found.known:,} known{equal}, {found.to_ask:,} to extract")
    if judged is None:
        say("Nothing is to be asked for: the job costs nothing.")
        return
    tokens = judged.prompt.middle + judged.completion.middle
    say(f"Judged by {judged.read} rows, for the {judged.to_ask:,} left: {tokens:,.0f} tokens")
    table = Table("When", "Time", "Cost", "")
    for way in judged.ways:
        advice = "advised" if way.when is judged.advised else ""
        table.add_row(_WORDS[way.when], _time(way), _cost(way), advice)
    Console().print(table)
    review = judged.review
    say(
        f"To review: {review.count} of {review.of} rows, "
        f"so {review.low:.0%} to {review.high:.0%} of all. {judged.failed} failed."
    )


def _time(way: Way) -> str:
    if not way.endpoints:
        return "not set up"
    if way.when is When.CHEAPEST:
        return "within 24 hours"
    if way.seconds is None:
        return "not known"
    return f"{way.seconds / _HOUR_S:.1f} hours" if way.seconds > _HOUR_S else f"{way.seconds:.0f} s"


def _cost(way: Way) -> str:
    if way.cost is not None:
        parts = (money(part, way.currency) for part in (way.cost.middle, way.cost.high))
        return "{}, at most {}".format(*parts)
    return "free, on this machine" if way.free else "no price is set" if way.endpoints else ""
