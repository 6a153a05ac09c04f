"""python -m batch review: what is to be reviewed, and corrections from a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from batch import accuracy, jobs, review, undoing
from batch.accuracy import Accuracy
from batch.job_commands import JobId
from batch.review import Reviewer
from batch.review_queue import Filter, State, find
from batch.review_rows import load
from batch.reviewed import ReviewRow
from core.console import opened, print_json
from core.errors import JobError

RowNumbers = Annotated[
    list[int] | None, typer.Option("--approve", metavar="ROW", help="Approve a row; repeatable.")
]
By = Annotated[str, typer.Option(help="Whose correction it is; undo is by name, too.")]
AtMost = Annotated[int, typer.Option("--limit", min=1, help="Rows to print.")]


def review_rows(
    job_id: JobId,
    row: Annotated[int | None, typer.Option("--row", help="The row that --set is about.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A value; empty clears it; repeatable."),
    ] = None,
    approve: RowNumbers = None,
    reopen: Annotated[
        list[int] | None, typer.Option("--reopen", metavar="ROW", help="Take an approval back.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the last thing done.")] = False,
    state: Annotated[State, typer.Option(help="Which rows to print.")] = State.OPEN,
    limit: AtMost = 20,
    by: By = "shell",
) -> None:
    """Print the rows to review, those that need a person first; or correct, approve, undo.

    Prints JSON: the rows that were changed, or the rows to look at and how right the
    model was about each field.
    """
    with opened() as (settings, db):
        who = Reviewer(settings, db, jobs.get(db, job_id), by)
        acted: list[int] = []
        if undo:
            acted += _undo(who)
        if changes:
            acted += _set(who, row, changes)
        if approve:
            acted += review.approve(who, _rows(who, approve)).row_nos
        for one in _rows(who, reopen or []):
            acted += [one.row_no] if review.reopen(who, one) else []
        if undo or changes or approve or reopen:
            shown = load(settings, db, who.job, sorted(set(acted)))
            print_json({"changed": [_json(one) for one in shown]})
            return
        page = find(settings, db, who.job, Filter(state), count=limit)
        rows = load(settings, db, who.job, page.row_nos)
        print_json({"rows": [_json(one) for one in rows], "accuracy": _accuracy(who)})


def _rows(who: Reviewer, row_nos: Sequence[int]) -> list[ReviewRow]:
    """These rows as they are now.

    Raises:
        JobError: One of them has no result.
    """
    found = load(who.settings, who.db, who.job, row_nos)
    if missing := sorted(set(row_nos) - {one.row_no for one in found}):
        raise JobError(f"Row {missing[0]:,} of job {who.job.id} has no result to review.")
    return found


def _set(who: Reviewer, row_no: int | None, given: Sequence[str]) -> list[int]:
    if row_no is None:
        raise typer.BadParameter("--set needs --row: which row is it about?")
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise typer.BadParameter(f"--set takes FIELD=VALUE, and “{wrong[0]}” has no “=”.")
    (seen,) = _rows(who, [row_no])
    changed = review.edit(who, seen, {name.strip(): value for name, _, value in pairs})
    return [row_no] if changed else []


def _undo(who: Reviewer) -> Sequence[int]:
    undone = undoing.undo(who)
    if undone is None:
        raise JobError(f"“{who.name}” has done nothing in this job that could be undone.")
    return undone.row_nos


def _json(row: ReviewRow) -> dict[str, Any]:
    return {
        "row": row.row_no,
        "approved": row.approved,
        "product_type": row.result.product_type,
        "values": {name: value.to_json() for name, value in row.result.values.items()},
        "changed": sorted(row.changed),
        "doubts": [
            {"field": one.field, "reason": one.reason, "detail": one.detail} for one in row.doubts()
        ],
        "revision": row.result.revision,
    }


def _accuracy(who: Reviewer) -> dict[str, Any]:
    return {
        "approved": _figures(accuracy.of_approved(who.db, who.job)),
        "random": _figures(accuracy.of_random(who.db, who.job)),
    }


def _figures(found: Accuracy) -> dict[str, Any]:
    fields = {
        one.field: {
            "right": one.right,
            "rows": one.rows,
            "share": round(one.share, 4),
            "low": round(one.low, 4),
            "high": round(one.high, 4),
        }
        for one in found.fields
    }
    return {"rows": found.rows, "flagged": found.flagged, "fields": fields}
