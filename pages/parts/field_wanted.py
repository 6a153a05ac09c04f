"""A detail that shoppers ask for, on its way into the fields that are extracted."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from batch import jobs, uploads
from batch.fields import Field
from batch.jobs import Job
from batch.suggest_field import made_field
from core.errors import NotFoundError
from pages.parts.draft import Draft, added, begin
from pages.parts.entry import Shop
from pages.parts.steps import Step, current_draft, go, keep
from pages.parts.telling import tell

_WANTED = "field_wanted"


def find(shop: Shop, name: str) -> None:
    """Go to the upload page with this field among those to extract.

    A file that is being set up gets it; else the job whose products are in the chat
    is to be run again with it; without any, the next file gets it.
    """
    wanted = made_field(name, ())
    draft = current_draft() or _of_latest_job(shop)
    if draft is None:
        st.session_state[_WANTED] = wanted
        tell(f"Choose a catalog; “{wanted.name}” will be among its fields.")
    else:
        keep(with_field(draft, wanted))
        go(Step.FIELDS)
    st.switch_page("pages/upload.py")


def with_field(draft: Draft, wanted: Field) -> Draft:
    """The draft with a field more, unless it has one of this name."""
    if any(one.name == wanted.name for one in draft.fields):
        return draft
    return added(draft, wanted)


def with_what_is_wanted(draft: Draft) -> Draft:
    """A draft that has just begun, with the field that was wanted before there was a file."""
    wanted = st.session_state.pop(_WANTED, None)
    return with_field(draft, wanted) if isinstance(wanted, Field) else draft


def _of_latest_job(shop: Shop) -> Draft | None:
    """The job that was published last, or else the latest, to be run again."""
    found = [one for one in jobs.listing(shop.db) if one.done]
    for job in sorted(found, key=_published, reverse=True):
        try:
            upload = uploads.get(shop.db, job.upload_id)
        except NotFoundError:
            continue
        draft = begin(upload.id, job.columns, job.plan, job.name)
        return replace(draft, version_of=job)
    return None


def _published(job: Job) -> float:
    return job.published_at or 0.0
