"""One job in full: its card, its speed, publishing, results and downloads."""

from __future__ import annotations

import streamlit as st

from batch import jobs, pace
from batch.jobs import Job
from pages.parts import (
    job_accuracy,
    job_card,
    job_compare,
    job_downloads,
    job_publishing,
    job_quality,
    job_results,
    job_sending,
    job_versions,
    words,
)
from pages.parts.entry import Shop
from pages.parts.shelves import shelves
from pages.parts.speed import speed_chart
from pages.parts.trouble import boxed


def details(shop: Shop, job_id: str) -> None:
    """Draw a job.

    Raises:
        JobError: There is no such job.
    """
    job = jobs.get(shop.db, job_id)
    st.button(
        "All jobs",
        key="all-jobs",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=job_card.open_job,
        args=(None,),
    )
    moving = job.active
    st.fragment(_progress, run_every="1s" if moving else None)(shop, job)
    if job.done:
        job_publishing.draw(shop, job)
    job_accuracy.draw(shop, job)
    job_versions.draw(shop, job)
    job_compare.draw(shop, job)
    shelves(shop)
    if job.done:
        job_quality.draw(shop, job)
    st.subheader("Results", anchor=False)
    job_downloads.files(shop, job)
    job_sending.draw(shop, job)
    job_results.results(shop, job)


def _progress(shop: Shop, drawn: Job) -> None:
    """The part that moves. The rest of the page is drawn anew when what it shows has changed."""
    with boxed():
        job = jobs.get(shop.db, drawn.id)
        if _outdated(drawn, job):
            st.rerun()
        samples = pace.history(shop.db, job.id)
        job_card.card(shop, job, [], opened=True)
        chart = speed_chart(samples, words.zone(st.context.timezone))
        if chart is not None:
            st.altair_chart(chart, key=f"speed-{job.id}", alt="Rows a second over time")


def _outdated(drawn: Job, job: Job) -> bool:
    firsts = (drawn.status, bool(drawn.done), bool(drawn.failed))
    return firsts != (job.status, bool(job.done), bool(job.failed))
