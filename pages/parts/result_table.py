"""A page of rows as a table: the product, its new values, and rows to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch.fields import result_columns
from batch.jobs import Job
from batch.results import ResultRow
from core.statuses import RowStatus

PAGE_ROWS = 100
_VISIBLE_PAGES = 7
_MARKS = {RowStatus.DONE: "✓ done", RowStatus.FAILED: "✕ failed"}
_WAITING = "… waiting"


def page_number(count: int, key: str, *, only_arrows: bool = False) -> int:
    """Draw the way from page to page, and to any row; returns the chosen page, from 1."""
    pages = max(1, ceil(count / PAGE_ROWS))
    if pages == 1:
        return 1
    if only_arrows:
        return st.pagination(pages, key=key, max_visible_pages=0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.pagination(pages, key=key, max_visible_pages=_VISIBLE_PAGES)
        if pages > _VISIBLE_PAGES:
            st.number_input(
                "Go to row",
                min_value=1,
                max_value=count,
                value=None,
                key=f"{key}-row",
                placeholder=f"1 to {count:,}",
                width=180,
                on_change=_go_to_row,
                args=(key,),
            )
    return number


def _go_to_row(key: str) -> None:
    row_no = st.session_state[f"{key}-row"]
    if row_no:
        st.session_state[key] = (row_no - 1) // PAGE_ROWS + 1


def table(cells: Sequence[dict[str, str]], numbers: Sequence[int], key: str) -> set[int]:
    """Draw rows; returns the numbers of those that were chosen."""
    frame = pd.DataFrame(cells, index=pd.Index(numbers, name="Row"))
    drawn = st.dataframe(frame, key=key, on_select="rerun", selection_mode="multi-row")
    return {numbers[at] for at in drawn["selection"]["rows"] if at < len(numbers)}


def moving_table(cells: Sequence[dict[str, str]], numbers: Sequence[int], key: str) -> None:
    """Draw rows of which more are to come: to look at only."""
    frame = pd.DataFrame(cells, index=pd.Index(numbers, name="Row"))
    st.dataframe(frame, key=key)


def product_cells(job: Job, original: Mapping[str, str]) -> dict[str, str]:
    """What of a row's own cells tells a person which product it is."""
    named = (job.columns.id, job.columns.title)
    shown = {name: original.get(name, "") for name in named if name}
    return shown or dict(list(original.items())[:1])


def result_cells(job: Job, row: ResultRow) -> dict[str, str]:
    """The product, how it stands with it, and what was found."""
    cells = {"State": _MARKS.get(RowStatus(row.status), "")} if row.status != "waiting" else {}
    cells = cells or {"State": _WAITING}
    product = product_cells(job, row.original)
    names = result_columns(job.fields, (*product, "State", "Notes"))
    values = {
        column: row.values[name].text() if name in row.values else ""
        for name, column in names.items()
    }
    return cells | product | values | {"Notes": row.error or " ".join(row.notes)}
