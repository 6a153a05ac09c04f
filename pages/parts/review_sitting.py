"""One person's way through the rows of a job: which page, which row is open, what was refused."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from batch import review_filters, review_queue
from batch.fields import FieldSet
from batch.jobs import Job
from batch.review import Reviewer
from batch.review_filters import Overview
from batch.review_queue import Filter, Place
from batch.review_rows import Originals, load, originals
from batch.reviewed import ReviewRow

PAGE_ROWS = 10
#: How old counts may be, unless this person has done something.
_COUNTS_S = 30.0
#: From so many rows on, counting takes longer than a person wants to wait after each act.
_MANY = 3_000
_KEY = "review-sitting"


@dataclass(slots=True)
class Sitting:
    """Where a person is.

    Attributes:
        wanted: Which rows they want to see.
        starts: Where the pages up to this one begin.
        row_nos: The rows of this page.
        next: Where the next page begins; None at the end.
        open_no: The row that is open; 0: none.
        cells: The rows' cells, read once.
        seen: The rows as they were drawn last.
        refused: Why what was typed is not kept, by row and field.
        overtaken: Of these, where somebody else was first.
        said: What came of the last thing that was done.
        to_undo: Whether the last act is to be undone now.
        overview: What there is to review, counted at ``counted_at``.
    """

    job_id: str
    wanted: Filter = field(default_factory=Filter)
    starts: list[Place] = field(default_factory=lambda: [Place()])
    row_nos: tuple[int, ...] = ()
    next: Place | None = None
    open_no: int = 0
    cells: Originals = field(default_factory=dict)
    seen: dict[int, ReviewRow] = field(default_factory=dict)
    refused: dict[tuple[int, str], str] = field(default_factory=dict)
    overtaken: set[tuple[int, str]] = field(default_factory=set)
    said: str = ""
    to_undo: bool = False
    overview: Overview | None = None
    counted_at: float = 0.0


def current(who: Reviewer) -> Sitting:
    """This session's way through a job; a new one begins with the rows that need a person."""
    sitting = st.session_state.get(_KEY)
    if not isinstance(sitting, Sitting) or sitting.job_id != who.job.id:
        sitting = Sitting(who.job.id)
        st.session_state[_KEY] = sitting
        go(who, sitting, Place())
    return sitting


def go(who: Reviewer, sitting: Sitting, place: Place) -> None:
    """Turn to the page that begins at a place."""
    page = review_queue.find(who.settings, who.db, who.job, sitting.wanted, place, PAGE_ROWS)
    if place in sitting.starts:
        del sitting.starts[sitting.starts.index(place) + 1 :]
    else:
        sitting.starts.append(place)
    sitting.row_nos, sitting.next = page.row_nos, page.next
    sitting.open_no = page.row_nos[0] if page.row_nos else 0
    sitting.cells = originals(who.settings, who.job, page.row_nos) if page.row_nos else {}
    sitting.seen, sitting.refused, sitting.overtaken = {}, {}, set()


def choose(who: Reviewer, sitting: Sitting, wanted: Filter) -> None:
    """Begin with other rows."""
    sitting.wanted, sitting.starts, sitting.said = wanted, [Place()], ""
    go(who, sitting, Place())


def turn(who: Reviewer, sitting: Sitting) -> None:
    """Turn to the next page; from the last one back to what is still open."""
    if sitting.next is None:
        sitting.starts = [Place()]
    go(who, sitting, sitting.next or Place())


def back(who: Reviewer, sitting: Sitting) -> None:
    """Turn to the page before."""
    if len(sitting.starts) > 1:
        go(who, sitting, sitting.starts[-2])


def rows(who: Reviewer, sitting: Sitting) -> list[ReviewRow]:
    """The page's rows as they are now; what is drawn of them has been seen."""
    found = load(who.settings, who.db, who.job, sitting.row_nos, sitting.cells)
    sitting.seen = {one.row_no: one for one in found}
    if sitting.open_no not in sitting.seen:
        sitting.open_no = 0
    return found


def open_next(who: Reviewer, sitting: Sitting, after: int, *, skip: bool = False) -> None:
    """Open the next row of the page that is to be done, or turn the page after the last one."""
    at = sitting.row_nos.index(after) if after in sitting.row_nos else -1
    rest = sitting.row_nos[at + 1 :]
    waiting = [one for one in rest if skip or not _approved(sitting, one)]
    if waiting:
        sitting.open_no = waiting[0]
    elif sitting.next is not None:
        turn(who, sitting)
    else:
        left = [one for one in sitting.row_nos if not _approved(sitting, one)]
        sitting.open_no = left[0] if left else 0


def _approved(sitting: Sitting, row_no: int) -> bool:
    row = sitting.seen.get(row_no)
    return row is not None and row.approved


def fields_of(who: Reviewer, row: ReviewRow) -> FieldSet:
    """The fields that a row has, by its product type."""
    return who.job.plan.of_type(row.result.product_type)


def counted(who: Reviewer, sitting: Sitting) -> Overview:
    """What there is to review, counted not more often than needed."""
    now = time.monotonic()
    if sitting.overview is None or now - sitting.counted_at > _COUNTS_S:
        sitting.overview = review_filters.overview(who.db, who.job)
        sitting.counted_at = now
    return sitting.overview


def count_again(sitting: Sitting) -> None:
    """Have what there is to review counted anew: something was done.

    Where there is much, one row more or less is not worth the wait.
    """
    if sitting.overview and sitting.overview.to_look_at + sitting.overview.approved < _MANY:
        sitting.overview = None


def title(job: Job, cells: Mapping[str, str]) -> str:
    """What a row's product is called."""
    named = cells.get(job.columns.title or "", "").strip()
    return named or cells.get(job.columns.id or "", "").strip()
