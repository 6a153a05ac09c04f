"""A job's results: the table while it comes, the failed rows, the downloads."""

from __future__ import annotations

import streamlit as st

from batch import downloads, retry, rows
from batch.downloads import Form
from batch.jobs import Job, get
from batch.results import ResultRow
from pages.parts import job_failures, job_retry, words
from pages.parts.entry import Shop
from pages.parts.result_table import PAGE_ROWS, moving_table, page_number, result_cells, table
from pages.parts.trouble import boxed


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
        job_failures.draw(shop, job)
    else:
        number = page_number(job.rows, f"page-{job.id}")
        draw = st.fragment(_moving, run_every="2s") if job.active else _chosen
        draw(shop, job.id, number)


def _moving(shop: Shop, job_id: str, number: int) -> None:
    with boxed():
        job = get(shop.db, job_id)
        page = _page(shop, job, number)
        cells = [result_cells(job, row) for row in page]
        moving_table(cells, [row.row_no for row in page], f"table-{job.id}-{number}")


def _chosen(shop: Shop, job_id: str, number: int) -> None:
    job = get(shop.db, job_id)
    page = _page(shop, job, number)
    cells = [result_cells(job, row) for row in page]
    chosen = table(cells, [row.row_no for row in page], f"rows-{job.id}-{number}")
    if chosen:
        numbers = sorted(chosen)
        job_retry.offer(
            shop,
            job,
            f"Read the {words.several(len(numbers), 'chosen row')} again",
            lambda way: retry.retry_rows(shop.db, job.id, numbers, way),
            "rows",
        )


def _page(shop: Shop, job: Job, number: int) -> list[ResultRow]:
    return rows.page(shop.settings, shop.db, job, (number - 1) * PAGE_ROWS + 1, PAGE_ROWS)
