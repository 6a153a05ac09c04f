"""A job's results: the table while it comes, the failed rows, the downloads."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import downloads, rows
from batch.downloads import Form
from batch.fields import result_columns
from batch.jobs import Job, get
from batch.results import ResultRow
from core.schema import RowStatus
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.trouble import boxed

PAGE_ROWS = 100
_TABLE_HEIGHT = 420
_MARKS = {RowStatus.DONE: "✓ done", RowStatus.FAILED: "✕ failed"}
_WAITING = "… waiting"


def files(shop: Shop, job: Job) -> None:
    """Draw the downloads; a file is written when its button is pressed."""
    with st.container(horizontal=True, gap="small"):
        _file(shop, job, Form.CSV, "Download CSV", "text/csv")
        _file(shop, job, Form.JSONL, "Download JSONL", "application/jsonl")
        if job.failed:
            label = f"{words.several(job.failed, 'failed row')} as CSV"
            _file(shop, job, Form.FAILED, label, "text/csv")
    if job.active:
        st.caption("A file taken now has empty cells where rows are still waiting.")


def _file(shop: Shop, job: Job, form: Form, label: str, mime: str) -> None:
    settings, db, job_id = shop.settings, shop.db, job.id
    st.download_button(
        label,
        lambda: b"".join(downloads.download(settings, db, job_id, form)),
        downloads.file_name(job, form),
        mime,
        key=f"file-{form}-{job.id}",
        icon=":material/download:",
        on_click="ignore",
        disabled=job.done + job.failed == 0,
    )


def results(shop: Shop, job: Job) -> None:
    """Draw the table; while rows come it fills by itself."""
    only_failed = False
    if job.failed:
        views = {"All rows": False, f"Failed ({job.failed:,})": True}
        view = st.radio(
            "Rows to show",
            list(views),
            horizontal=True,
            key=f"view-{job.id}",
            label_visibility="collapsed",
        )
        only_failed = views[view]
    if only_failed:
        _failed_rows(shop, job)
    else:
        number = _page_number(job.rows, f"page-{job.id}")
        st.fragment(_all_rows, run_every="2s" if job.active else None)(shop, job.id, number)


def _page_number(count: int, key: str, *, only_arrows: bool = False) -> int:
    pages = max(1, ceil(count / PAGE_ROWS))
    if pages == 1:
        return 1
    return st.pagination(pages, key=key, max_visible_pages=0 if only_arrows else 7)


def _all_rows(shop: Shop, job_id: str, number: int) -> None:
    with boxed():
        job = get(shop.db, job_id)
        first = (number - 1) * PAGE_ROWS + 1
        page = rows.page(shop.settings, shop.db, job, first, PAGE_ROWS)
        _table(
            [_result_cells(job, row) for row in page],
            [row.row_no for row in page],
            f"table-{job.id}-{number}",
        )


def _failed_rows(shop: Shop, job: Job) -> None:
    number = _page_number(job.failed, f"failed-page-{job.id}", only_arrows=True)
    # Where each page begins is only known once the page before it was read.
    starts: dict[int, int] = st.session_state.setdefault(f"failed-starts-{job.id}", {1: 1})
    first = starts.get(number, 1)
    page = rows.page(shop.settings, shop.db, job, first, PAGE_ROWS, RowStatus.FAILED)
    if page:
        starts[number + 1] = page[-1].row_no + 1
    cells = [_product_cells(job, row) | {"Reason": row.error} for row in page]
    _table(cells, [row.row_no for row in page], f"failed-table-{job.id}-{number}")


def _table(cells: Sequence[dict[str, str]], numbers: Sequence[int], key: str) -> None:
    frame = pd.DataFrame(cells, index=pd.Index(numbers, name="Row"))
    st.dataframe(frame, key=key, height=_TABLE_HEIGHT)


def _product_cells(job: Job, row: ResultRow) -> dict[str, str]:
    """What tells a person which product it is."""
    named = (job.columns.id, job.columns.title)
    shown = {name: row.original.get(name, "") for name in named if name}
    return shown or dict(list(row.original.items())[:1])


def _result_cells(job: Job, row: ResultRow) -> dict[str, str]:
    cells = {"State": _MARKS.get(RowStatus(row.status), "")} if row.status != "waiting" else {}
    cells = cells or {"State": _WAITING}
    product = _product_cells(job, row)
    names = result_columns(job.fields, (*product, "State", "Notes"))
    values = {
        column: row.values[name].text() if name in row.values else ""
        for name, column in names.items()
    }
    return cells | product | values | {"Notes": row.error or " ".join(row.notes)}
