"""What a reviewer does to rows: correct values, approve, take an approval back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batch import approval, teaching
from batch.corrections import Act, Change, Kind, by_hand, first_values, held, make, reopened
from batch.earlier import read_values
from batch.jobs import Job
from batch.reviewed import ReviewRow, same
from batch.typed import typed
from core.db import Database, clock
from core.errors import JobError, Overtaken
from core.settings import Settings
from core.statuses import Review
from core.values import Origin, Scalar, Value


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who reviews, and what they need for it.

    Attributes:
        settings: Names the home.
        db: Our tables.
        job: Whose rows.
        name: Tells this person from others; shown to nobody.
    """

    settings: Settings
    db: Database
    job: Job
    name: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What came of an approval.

    Attributes:
        row_nos: Approved now.
        overtaken: Left, since somebody else has changed them since they were looked at.
    """

    row_nos: tuple[int, ...]
    overtaken: tuple[int, ...]


def edit(who: Reviewer, seen: ReviewRow, changes: Mapping[str, Any]) -> bool:
    """Correct values of a row; what it was approved as before stays approved.

    Args:
        who: Who corrects.
        seen: The row as they saw it.
        changes: Field name to what they typed; None or blank clears the value.

    Returns:
        Whether anything has changed.

    Raises:
        ValueRefused: A field does not take what was typed.
        Overtaken: Somebody else has changed one of these values since.
        JobError: The row is being read again, or gone.
    """
    fields = {one.name: one for one in who.job.plan.of_type(seen.result.product_type)}
    if unknown := [name for name in changes if name not in fields]:
        known = ", ".join(fields)
        raise JobError(f"There is no field “{unknown[0]}” in row {seen.row_no:,}: {known}.")
    wanted = {name: typed(fields[name], given) for name, given in changes.items()}
    inputs = teaching.read_inputs(who.settings, who.job, [seen.row_no] if seen.approved else [])
    with who.db.write() as connection:
        row = held(connection, who.job, [seen.row_no]).get(seen.row_no)
        if row is None:
            raise JobError(f"Row {seen.row_no:,} has no result that could be corrected now.")
        _check(row, seen, changes)
        values = _corrected(row, wanted)
        if values:
            change = Change(row, values, by_hand(who.name, clock(connection)))
            make(connection, who.job, Act(Kind.EDIT, who.name), [change])
            teaching.learn(connection, who.job, inputs)
        return bool(values)


def _check(row: Mapping[str, Any], seen: ReviewRow, names: Iterable[str]) -> None:
    """Refuse to change what the person has not seen; other values may have changed."""
    if row["revision"] == seen.result.revision:
        return
    now = read_values(row["values"])
    for name in names:
        if not same(now.get(name), seen.result.values.get(name)):
            raise Overtaken(
                f"Somebody else has changed “{name}” of row {seen.row_no:,} meanwhile.",
                row_no=seen.row_no,
            )
    if (row["review"] == Review.APPROVED) != seen.approved:
        raise Overtaken(
            f"Somebody else has reviewed row {seen.row_no:,} meanwhile.", row_no=seen.row_no
        )


def _corrected(row: Mapping[str, Any], wanted: Mapping[str, Scalar | None]) -> dict[str, Any]:
    """What changes of a row's values, as it is stored."""
    now = read_values(row["values"])
    extracted = first_values(row)
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        new = None if value is None else Value(value, Origin.HUMAN)
        if same(new, now.get(name)):
            continue
        # Typing what the model had found takes the correction back.
        first = extracted.get(name)
        again = new is not None and first is not None and same(new, Value.from_json(first))
        changed[name] = first if again else (new.to_json() if new else None)
    return changed


def approve(who: Reviewer, seen: Sequence[ReviewRow]) -> Approved:
    """Say that rows are right as they were seen; one act, however many they are."""
    wanted = {one.row_no: one for one in seen if not one.approved}
    inputs = teaching.read_inputs(who.settings, who.job, wanted)
    with who.db.write() as connection:
        found = held(connection, who.job, list(wanted))
        state = {
            "review": Review.APPROVED,
            "reviewed_by": who.name,
            "reviewed_at": clock(connection),
        }
        right = {
            number: row
            for number, row in found.items()
            if row["revision"] == wanted[number].result.revision
        }
        changes = [Change(row, state=state) for row in right.values()]
        make(connection, who.job, Act(Kind.APPROVE, who.name), changes)
        teaching.learn(connection, who.job, {number: inputs[number] for number in right})
        approval.note(connection, who.job.id, changes)
    return Approved(tuple(right), tuple(number for number in wanted if number not in right))


def reopen(who: Reviewer, seen: ReviewRow) -> bool:
    """Take the approval of a row back; returns whether it had one."""
    inputs = teaching.read_inputs(who.settings, who.job, [seen.row_no])
    with who.db.write() as connection:
        row = held(connection, who.job, [seen.row_no]).get(seen.row_no)
        if row is None or row["review"] != Review.APPROVED:
            return False
        change = Change(row, state=reopened(row))
        make(connection, who.job, Act(Kind.REOPEN, who.name), [change])
        teaching.learn(connection, who.job, inputs)
    return True
