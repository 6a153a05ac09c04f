"""Versions of a job from a shell: what differs between two, and which one counts."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from batch import jobs, versions
from batch.compare import DIFFERENCES, Comparison
from batch.compare import compare as compare_jobs
from batch.job_commands import JobId
from batch.unlike_rows import Agreement, Pair, agreement, unlike_rows
from core.console import Listing, bar, opened, print_json, say

SHOWN_ROWS = 20


def compare(
    job_id: JobId,
    other_id: Annotated[str, typer.Argument(metavar="OTHER", help="The job to compare with.")],
    shown: Annotated[int, typer.Option("--rows", min=0, help="Rows to show.")] = SHOWN_ROWS,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show what two versions of a job say differently, per field and row by row."""
    with opened() as (_, db):
        job, other = jobs.get(db, job_id), jobs.get(db, other_id)
        with bar("Comparing") as advance:
            found = compare_jobs(db, job, other, advance)
        right = agreement(db, job, other)
        pairs = list(islice(unlike_rows(db, found), shown))
        if as_json:
            print_json(_summary(found, right, pairs))
            return
        _print(found, right, pairs)


def keep(
    job_id: JobId,
    publish: Annotated[
        bool, typer.Option("--publish", help="Show it to shoppers, too, instead of a later one.")
    ] = False,
) -> None:
    """Have this version of a job count from now on."""
    with opened() as (settings, db):
        job = jobs.get(db, job_id)
        if publish:
            count = versions.roll_back(settings, db, job)
            say(f"Version {job.version} counts; {count:,} products are handed to the shop.")
            return
        versions.keep(db, job)
        say(f"Version {job.version} of “{job.name}” counts from now on.")


def _print(found: Comparison, right: list[Agreement], pairs: list[Pair]) -> None:
    out = Console()
    table = Listing("Field", *(str(one).capitalize() for one in DIFFERENCES), "Right, of approved")
    for name in found.fields:
        counts = (f"{found.count(name, one):,}" for one in DIFFERENCES)
        table.add_row(name, *counts, _right(name, right))
    out.print(table)
    for name in (*found.only_first, *found.only_other):
        whose = found.job_id if name in found.only_first else found.other_id
        say(f"Only {whose} has {name}.")
    say(f"{found.unlike:,} of {found.rows:,} rows differ; {found.left_out:,} are not done in both")
    for pair in pairs:
        for name, kind in pair.differences.items():
            one, two = (side.get(name) for side in (pair.first, pair.other))
            texts = (value.text() if value else "–" for value in (one, two))
            say(f"Row {pair.row_no}, {name} {kind}: {' → '.join(texts)}")


def _right(name: str, right: list[Agreement]) -> str:
    for one in right:
        if one.first.name == name and one.first.rows:
            return f"{one.first.right} → {one.other.right} of {one.first.rows}"
    return ""


def _summary(found: Comparison, right: list[Agreement], pairs: list[Pair]) -> dict[str, Any]:
    return {
        "job": found.job_id,
        "other": found.other_id,
        "rows": found.rows,
        "left_out": found.left_out,
        "unlike": found.unlike,
        "fields": {
            name: {str(one): found.count(name, one) for one in DIFFERENCES} for name in found.fields
        },
        "only_first": found.only_first,
        "only_other": found.only_other,
        "right": {
            one.first.name: {
                "first": one.first.right,
                "other": one.other.right,
                "rows": one.first.rows,
            }
            for one in right
        },
        "unlike_rows": [
            {
                "row": pair.row_no,
                "fields": {
                    name: {
                        "difference": kind,
                        "first": pair.first[name].value if name in pair.first else None,
                        "other": pair.other[name].value if name in pair.other else None,
                    }
                    for name, kind in pair.differences.items()
                },
            }
            for pair in pairs
        ],
    }
