"""The versions of a job: which one counts, the way to the others and to the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from batch import jobs, uploads, versions
from batch.jobs import Job
from core.errors import NotFoundError, ShopkeeperError
from pages.parts import question, words
from pages.parts.draft import begin
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.job_card import open_job
from pages.parts.steps import Step, go, keep
from pages.parts.telling import tell

_TO_CONFIRM = "version_to_confirm"
_TO_SHOW = "version_to_show"


@dataclass(frozen=True, slots=True)
class _Return:
    """A version that shoppers are to see again."""

    job: Job
    instead_of: Job


def draw(shop: Shop, job: Job) -> None:
    """Draw the way to the next version and to the others there are, and which one counts."""
    _do_what_was_asked(shop)
    every = jobs.versions(shop.db, job)
    counts = versions.current(every)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Change fields and run again", key=f"change-{job.id}", icon=":material/edit:"):
            _change(shop, job)
        if len(every) > 1:
            _decide(shop, job, every, counts)
            _others(job, every, counts)


def _decide(shop: Shop, job: Job, every: Sequence[Job], counts: Job | None) -> None:
    """Say whether this version counts, or let it count from now on."""
    if counts and counts.id == job.id:
        st.badge("This version counts", icon=":material/check:", color="green")
        return
    st.caption(f"This is version {job.version}.", width="content")
    seen = versions.on_the_shelves(every)
    if not job.done:
        return
    if seen is None or seen.id == job.id or seen.version < job.version:
        if st.button("Keep this version", key=f"keep-{job.id}", icon=":material/push_pin:"):
            _do(lambda: versions.keep(shop.db, job), f"Version {job.version} counts from now on.")
    elif st.button(
        f"Go back to version {job.version}…", key=f"back-{job.id}", icon=":material/undo:"
    ):
        st.session_state[_TO_CONFIRM] = _Return(job, seen)
        st.rerun()


def _others(job: Job, every: Sequence[Job], counts: Job | None) -> None:
    for other in every:
        if other.id == job.id:
            continue
        state = words.STATES[other.status].word.lower()
        mark = ", counts" if counts and other.id == counts.id else ""
        st.button(
            f"Version {other.version}: {state}{mark}",
            key=f"version-{other.id}",
            type="tertiary",
            on_click=open_job,
            args=(other.id,),
        )


def _do_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for, or do what was confirmed in it."""
    asked = st.session_state.pop(_TO_CONFIRM, None)
    if asked is not None:
        _confirm(asked)
    wanted = st.session_state.pop(_TO_SHOW, None)
    if wanted is not None:
        # Here and not in the dialog: with many products it takes a while.
        with st.spinner("Handing the products over…"):
            _do(
                lambda: versions.roll_back(shop.settings, shop.db, wanted),
                f"Shoppers see version {wanted.version} again.",
            )


@st.dialog("Go back to this version?")
def _confirm(asked: _Return) -> None:
    job, seen = asked.job, asked.instead_of
    st.markdown(
        f"Shoppers see version {seen.version} of “{plain(seen.name)}” now. They will see "
        f"version {job.version} again: {words.several(job.done, 'product')} with its details. "
        f"Products that only version {seen.version} has stay as they are, and nothing is deleted."
    )
    show = lambda: st.session_state.update({_TO_SHOW: job})  # noqa: E731
    question.answers("version", f"Go back to version {job.version}", show, leave="Leave it")


def _do(act: Callable[[], object], done: str) -> None:
    try:
        act()
        tell(done)
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    st.rerun()


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
