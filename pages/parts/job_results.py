"""A job's results: the table while it comes, the failed rows."""

from __future__ import annotations

import streamlit as st

from batch import retry, stored_rows
from batch.jobs import Job, get
from batch.results import ResultRow
from pages.parts import job_failures, job_retry, words
from pages.parts.entry import Shop
from pages.parts.result_table import PAGE_ROWS, moving_table, page_number, result_cells, table
from pages.parts.trouble import boxed


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
    return stored_rows.page(shop.settings, shop.db, job, (number - 1) * PAGE_ROWS + 1, PAGE_ROWS)
