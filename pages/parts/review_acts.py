"""What the review page's buttons and fields do; each tells in the sitting what came of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from batch import review, undoing
from batch.corrections import Kind
from batch.fields import Field
from batch.review import Reviewer
from batch.review_rows import load
from batch.reviewed import ReviewRow
from batch.undoing import Done, Undone
from core.errors import JobError, Overtaken, ShopkeeperError, ValueRefused
from core.values import Value
from pages.parts import review_sitting, words
from pages.parts.review_fields import shown, widget_key
from pages.parts.review_sitting import Sitting

_SHORT = 30


def save(who: Reviewer, sitting: Sitting, row_no: int, field: Field) -> None:
    """Keep what was typed into a field; what cannot be kept stays there with the reason."""
    seen = sitting.seen.get(row_no)
    if seen is None:
        return
    typed: Any = st.session_state.get(widget_key(who.job.id, row_no, field))
    place = (row_no, field.name)
    sitting.refused.pop(place, None)
    sitting.overtaken.discard(place)
    try:
        if review.edit(who, seen, {field.name: typed}):
            _after_own_change(who, sitting, seen)
            sitting.said = f"Saved: {field.name} of row {row_no:,}."
    except ValueRefused as error:
        sitting.refused[place] = error.message
    except Overtaken as error:
        sitting.refused[place] = error.message
        sitting.overtaken.add(place)
    except JobError as error:
        sitting.said = error.message


def _after_own_change(who: Reviewer, sitting: Sitting, seen: ReviewRow) -> None:
    """See the row as it is now, unless somebody else has changed it as well."""
    (now,) = load(who.settings, who.db, who.job, [seen.row_no], sitting.cells) or [seen]
    if now.result.revision == seen.result.revision + 1:
        sitting.seen[seen.row_no] = now
    review_sitting.count_again(sitting)


def keep_mine(who: Reviewer, sitting: Sitting, row_no: int, field: Field) -> None:
    """Put what this person typed over what somebody else did, which they have seen now."""
    save(who, sitting, row_no, field)


def take_theirs(sitting: Sitting, row_no: int, field: Field) -> None:
    """Leave what somebody else did."""
    sitting.refused.pop((row_no, field.name), None)
    sitting.overtaken.discard((row_no, field.name))


def _save_all(who: Reviewer, sitting: Sitting, row: ReviewRow) -> bool:
    """Keep what was typed and not kept yet; returns whether all of it could be."""
    for field in review_sitting.fields_of(who, row):
        key = widget_key(who.job.id, row.row_no, field)
        value = sitting.seen[row.row_no].result.values.get(field.name)
        if key in st.session_state and st.session_state[key] != shown(field, value):
            save(who, sitting, row.row_no, field)
    return not any(number == row.row_no for number, _ in sitting.refused)


def approve(who: Reviewer, sitting: Sitting, row_no: int) -> None:
    """Approve the open row with what was typed, and open the next one."""
    row = sitting.seen.get(row_no)
    if row is None:
        return
    if not _save_all(who, sitting, row):
        sitting.said = f"Row {row_no:,} has a value that could not be kept; see below."
        return
    came = review.approve(who, [sitting.seen[row_no]])
    review_sitting.count_again(sitting)
    if came.overtaken:
        sitting.said = f"Somebody else has changed row {row_no:,}. This is how it is now."
        return
    sitting.said = f"Approved row {row_no:,}."
    review_sitting.open_next(who, sitting, row_no)


def approve_page(who: Reviewer, sitting: Sitting) -> None:
    """Approve every row of the page as it was drawn, and turn to the next."""
    seen = [sitting.seen[one] for one in sitting.row_nos if one in sitting.seen]
    if any(not _save_all(who, sitting, one) for one in seen):
        sitting.said = "A value could not be kept; nothing was approved."
        return
    came = review.approve(who, [sitting.seen[one.row_no] for one in seen])
    review_sitting.count_again(sitting)
    sitting.said = f"Approved {words.several(len(came.row_nos), 'row')}."
    if came.overtaken:
        others = words.several(len(came.overtaken), "row")
        sitting.said += f" {others} left: somebody else has changed them meanwhile."
        sitting.open_no = came.overtaken[0]
        return
    review_sitting.turn(who, sitting)


def skip(who: Reviewer, sitting: Sitting, row_no: int) -> None:
    """Leave a row for later."""
    sitting.said = f"Skipped row {row_no:,}; it stays in the list."
    review_sitting.open_next(who, sitting, row_no, skip=True)


def reopen(who: Reviewer, sitting: Sitting, row_no: int) -> None:
    """Take an approval back."""
    if row := sitting.seen.get(row_no):
        review.reopen(who, row)
        review_sitting.count_again(sitting)
        sitting.said = f"Row {row_no:,} is to be reviewed again."


def open_row(sitting: Sitting, row_no: int) -> None:
    """Open a row of the page."""
    sitting.open_no, sitting.said = row_no, ""


def ask_to_undo(sitting: Sitting) -> None:
    """Have the last act undone by the page, where there is room to show how far it is."""
    sitting.to_undo = True


def undo(who: Reviewer, sitting: Sitting, bar: Any) -> None:
    """Undo this person's last act; a large one shows in ``bar`` how far it is."""
    sitting.to_undo = False

    def tell(done: int, total: int) -> None:
        if total > undoing.PIECE:
            bar.progress(min(1.0, done / total), text=f"Undone in {done:,} of {total:,} rows")

    try:
        undone = undoing.undo(who, tell)
    except ShopkeeperError as error:
        sitting.said = error.message
        return
    finally:
        bar.empty()
    review_sitting.count_again(sitting)
    if undone is None:
        sitting.said = "There is nothing left to undo."
        return
    sitting.said = _came_of(undone)
    sitting.refused.clear()
    sitting.overtaken.clear()
    if undone.done.row_no in sitting.row_nos and undone.done.rows == 1:
        sitting.open_no = undone.done.row_no


def _came_of(undone: Undone) -> str:
    said = f"Undone: {described(undone.done)}."
    if undone.left:
        left = words.several(len(undone.left), "row")
        said += f" {left} changed by somebody since, and left as they are."
    return said


def described(done: Done) -> str:
    """An act in a few words: ``color of row 12, NAVY to Navy``."""
    where = f"row {done.row_no:,}" if done.rows == 1 else words.several(done.rows, "row")
    match done.kind:
        case Kind.APPROVE:
            return f"approval of {where}"
        case Kind.REOPEN:
            return f"reopening {where}"
    names = list(done.after.get("values", {}))
    if len(names) != 1:
        return f"{', '.join(names)} of {where}"
    before, after = (_text(one["values"][names[0]]) for one in (done.before, done.after))
    changed = f"{before} to {after}"
    if done.kind is Kind.REPLACE:
        return f"{changed} in {where} ({names[0]})"
    return f"{names[0]} of {where}, {changed}"


def _text(stored: Any) -> str:
    if stored is None:
        return "nothing"
    text = Value.from_json(stored).text()
    return f"“{text if len(text) <= _SHORT else text[: _SHORT - 1] + '…'}”"
