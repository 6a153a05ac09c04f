"""A job as a card: name, state in words and colour, progress, counts, what can be done now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import streamlit as st

from batch import control, retry
from batch.jobs import Job
from batch.pace import Sample
from batch.review_filters import to_look_at
from batch.standing import told
from core.db import Database
from core.errors import ShopkeeperError
from core.held_up import reason
from core.statuses import JobStatus
from pages.parts import job_budget, question, words
from pages.parts.entry import Shop, open_chat_lane
from pages.parts.escape import html, plain
from pages.parts.job_retry import bounded
from pages.parts.speed import sparkline_html
from pages.parts.telling import tell

JOB = "job"
_TO_CONFIRM = "job_to_confirm"
#: In these a person may ask for more of the same job.
_STOPPED = (JobStatus.PAUSED, JobStatus.CANCELLED, JobStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a person must confirm before it happens."""

    job_id: str
    name: str
    action: str


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a card and what it does."""

    label: str
    name: str
    icon: str
    call: Callable[[], object]


def card(shop: Shop, job: Job, samples: Sequence[Sample], *, opened: bool = False) -> None:
    """Draw one job; ``opened`` leaves out the way to its details."""
    with st.container(border=True, key=f"job-{job.id}", gap="small"):
        _head(job)
        if job.reason and (job.active or job.status is JobStatus.PAUSED):
            st.warning(plain(job.reason), icon=":material/warning:")
        elif job.reason:
            st.error(plain(job.reason), icon=":material/error:")
        st.progress(_fraction(job))
        if said := told(shop.db, job):
            st.caption(plain(said))
        st.html(f'<div class="sk-counts">{counts_html(job)}{sparkline_html(samples)}</div>')
        job_budget.draw(shop, job)
        _actions(shop, job, opened)


def _head(job: Job) -> None:
    state = words.STATES[job.status]
    now, where = time.time(), words.zone(st.context.timezone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(job.name)}**")
        if job.version > 1:
            st.badge(f"Version {job.version}", color="gray")
        st.badge(state.word, icon=state.icon, color=state.color)
        if job.published_at:
            st.badge("In the chat", icon=":material/storefront:", color="green")
        st.caption(f"created {words.moment(job.created_at, now, where)}")


def _fraction(job: Job) -> float:
    return min(1.0, (job.done + job.failed) / job.rows) if job.rows else 0.0


def counts_html(job: Job) -> str:
    """Rows, speed, time and tokens in one line of plain numbers."""
    facts = [f"<b>{job.done:,}</b> of {words.several(job.rows, 'row')} done"]
    if job.reused:
        facts.append(f"{job.reused:,} unchanged or equal")
    if job.failed:
        facts.append(f'<span class="sk-failed"><b>{job.failed:,}</b> failed</span>')
    if job.waiting and job.status is not JobStatus.DONE:
        facts.append(f"{job.waiting:,} left")
    facts += [html(fact) for fact in _pace(job)]
    tokens = job.tokens.prompt + job.tokens.completion
    if tokens:
        facts.append(f"{tokens:,} tokens")
    return " · ".join(f"<span>{fact}</span>" for fact in facts)


def _pace(job: Job) -> list[str]:
    if job.status is JobStatus.RUNNING and not job.provider:
        speed = [words.rate(job.rows_per_s) if job.rows_per_s else _held_up() or "warming up"]
        return speed + ([f"{words.about(job.left_s)} left"] if job.left_s else [])
    if job.started_at and job.finished_at:
        speed = [words.rate(job.rows_per_s)] if job.rows_per_s else []
        return [f"took {words.took(job.finished_at - job.started_at)}", *speed]
    return []


def _held_up() -> str:
    """Why no model takes its calls at this moment; empty when one does."""
    try:
        return reason(open_chat_lane().pool.states()[0])
    except ShopkeeperError:
        return ""


def _actions(shop: Shop, job: Job, opened: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        for action in _possible(shop, job, opened):
            if st.button(action.label, key=f"{action.name}-{job.id}", icon=action.icon):
                action.call()
                st.rerun()


def _possible(shop: Shop, job: Job, opened: bool) -> Iterator[Action]:
    """What makes sense now."""
    if not opened:
        yield Action("Open", "open", ":material/table_view:", lambda: open_job(job.id))
    if job.done:
        need = to_look_at(shop.db, job)
        label = f"Review {words.several(need, 'row')}" if need else "Review"
        yield Action(label, "review", ":material/rate_review:", lambda: _review(job.id))
    if job.active:
        yield _decision(shop, job, "Pause", ":material/pause:", control.pause)
    if job.status in _STOPPED and job.waiting and not job_budget.stopped_by_it(job):
        yield _decision(shop, job, "Resume", ":material/play_arrow:", control.resume)
    if job.failed and not job.active:
        label = f"Retry {job.failed:,} failed"
        yield _decision(shop, job, label, ":material/replay:", _retrying(shop))
    if job.active or job.status is JobStatus.PAUSED:
        yield Action("Cancel", "cancel", ":material/close:", lambda: _ask(job, "cancel"))
    else:
        yield Action("Delete", "delete", ":material/delete:", lambda: _ask(job, "delete"))


def _decision(
    shop: Shop, job: Job, label: str, icon: str, decide: Callable[[Database, str], object]
) -> Action:
    return Action(label, decide.__name__, icon, lambda: _do(decide, shop.db, job.id))


def _retrying(shop: Shop) -> Callable[[Database, str], object]:
    def retry_failed(db: Database, job_id: str) -> int:
        return retry.retry_failed(db, job_id, way=bounded(shop, retry.USUAL))

    return retry_failed


def open_job(job_id: str | None) -> None:
    """Show a job's details from now on, or all jobs again."""
    if job_id:
        st.query_params[JOB] = job_id
    else:
        st.query_params.pop(JOB, None)


def _review(job_id: str) -> None:
    # A callback of a fragment cannot leave the page, but its run can.
    st.switch_page("pages/review.py", query_params={JOB: job_id})


def _do(action: Callable[[Database, str], object], db: Database, job_id: str) -> None:
    """Do what a button says; a decision that came too late is told, not raised."""
    try:
        action(db, job_id)
    except ShopkeeperError as error:
        tell(error.message, problem=True)


def _ask(job: Job, action: str) -> None:
    # Asked by the page, not here: a fragment that redraws itself would close the dialog.
    st.session_state[_TO_CONFIRM] = Question(job.id, job.name, action)


def confirm_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for."""
    asked = st.session_state.pop(_TO_CONFIRM, None)
    if asked is None:
        return
    if asked.action == "cancel":
        _confirm_cancel(shop, asked)
    else:
        _confirm_delete(shop, asked)


@st.dialog("Cancel this job?")
def _confirm_cancel(shop: Shop, asked: Question) -> None:
    st.markdown(f"“{plain(asked.name)}” stops. What is done is kept and can be downloaded.")
    question.answers("job", "Cancel the job", _do, control.cancel, shop.db, asked.job_id)


@st.dialog("Delete this job?")
def _confirm_delete(shop: Shop, asked: Question) -> None:
    st.markdown(
        f"“{plain(asked.name)}” and its results will be gone for good. "
        "Products that were published stay in the chat."
    )
    question.answers("job", "Delete the job", _do, _delete, shop.db, asked.job_id)


def _delete(db: Database, job_id: str) -> None:
    control.delete(db, job_id)
    open_job(None)
