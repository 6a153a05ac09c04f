"""The failed rows of a job: why, how many, what the model said, and another try."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from batch import failures, retry, stored_rows
from batch.failures import Failure
from batch.jobs import Job
from batch.results import ResultRow
from core.statuses import RowStatus
from pages.parts import job_retry, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.result_table import PAGE_ROWS, page_number, product_cells, table

_ALL = "All reasons"
#: Answers shown at once.
_SHOWN = 5


def draw(shop: Shop, job: Job) -> None:
    """Draw the view."""
    found = failures.reasons(shop.db, job)
    reason = _reason(job, found)
    count = next((one.rows for one in found if one.reason == reason), job.failed)
    page, chosen = _rows(shop, job, reason, count)
    _answers([row for row in page if row.row_no in chosen] or page)
    if chosen:
        numbers = list(chosen)
        job_retry.offer(
            shop,
            job,
            f"Retry the {words.several(len(numbers), 'chosen row')}",
            lambda way: retry.retry_rows(shop.db, job.id, numbers, way),
            "chosen",
        )
    else:
        job_retry.offer(
            shop,
            job,
            f"Retry {'these' if reason else 'all'} {words.several(count, 'row')}",
            lambda way: retry.retry_failed(shop.db, job.id, reason, way),
            "failed",
        )


def _reason(job: Job, found: Sequence[Failure]) -> str | None:
    """The reason to look at; None for all of them."""
    if len(found) < 2:
        if found:
            st.markdown(f"**Why:** {plain(found[0].reason or 'no reason was noted')}")
        return None
    counts = {one.reason: one.rows for one in found}
    picked = st.radio(
        "Why they failed",
        [_ALL, *counts],
        format_func=lambda one: _line(one, counts.get(one, job.failed)),
        key=f"reason-{job.id}",
    )
    return None if picked == _ALL else picked


def _line(reason: str, count: int) -> str:
    return f"**{count:,}** · {plain(reason) or 'no reason was noted'}"


def _rows(shop: Shop, job: Job, reason: str | None, count: int) -> tuple[list[ResultRow], set[int]]:
    """Draw a page of the failed rows; returns it, and the numbers of those that were chosen."""
    at = f"{job.id}-{reason or ''}"
    number = page_number(count, f"failed-page-{at}", only_arrows=True)
    # Where each page begins is only known once the page before it was read.
    starts: dict[int, int] = st.session_state.setdefault(f"failed-starts-{at}", {1: 1})
    first = starts.get(number, 1)
    page = stored_rows.page(shop.settings, shop.db, job, first, PAGE_ROWS, RowStatus.FAILED, reason)
    if page:
        starts[number + 1] = page[-1].row_no + 1
    cells = [product_cells(job, row.original) | {"Reason": row.error} for row in page]
    return page, table(cells, [row.row_no for row in page], f"failed-table-{at}-{number}")


def _answers(page: Sequence[ResultRow]) -> None:
    """What the model said, where it said something."""
    said = [row for row in page if row.raw][:_SHOWN]
    if not said:
        return
    with st.expander(f"What the model answered ({words.several(len(said), 'row')})"):
        for row in said:
            st.caption(f"Row {row.row_no:,}: {plain(row.error)}")
            st.code(row.raw, language=None, wrap_lines=True)
