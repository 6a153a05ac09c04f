"""The same catalog with other fields: a new version of a job, beside the earlier ones."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from batch import jobs, uploads
from batch.jobs import Job
from core.errors import NotFoundError
from pages.parts import words
from pages.parts.draft import begin
from pages.parts.entry import Shop
from pages.parts.job_card import open_job
from pages.parts.steps import Step, go, keep
from pages.parts.telling import tell


def draw(shop: Shop, job: Job) -> None:
    """Draw the way to the next version, and to the others there are."""
    others = [one for one in jobs.versions(shop.db, job) if one.id != job.id]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Change fields and run again", key=f"change-{job.id}", icon=":material/edit:"):
            _change(shop, job)
        if others:
            st.caption(f"This is version {job.version}.")
        for other in others:
            st.button(
                f"Version {other.version}: {words.STATES[other.status].word.lower()}",
                key=f"version-{other.id}",
                type="tertiary",
                on_click=open_job,
                args=(other.id,),
            )


def _change(shop: Shop, job: Job) -> None:
    """Take the job's choices to the upload page; this version stays as it is."""
    try:
        upload = uploads.get(shop.db, job.upload_id)
    except NotFoundError as error:
        tell(error.message, problem=True)
        st.rerun()
    draft = begin(upload.id, job.columns, job.plan, job.name)
    keep(replace(draft, version_of=job))
    go(Step.FIELDS)
    st.switch_page("pages/upload.py")
