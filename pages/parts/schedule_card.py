"""A schedule as a card: what starts it, what it does, how it went last, when it comes next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import tzinfo

import streamlit as st

from batch import schedule_runs, schedule_starts, schedules
from batch.schedule_runs import Run, RunStatus
from batch.schedule_task import Trigger
from batch.schedules import Schedule
from core.errors import ShopkeeperError
from pages.parts import question, schedule_words, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.job_card import JOB
from pages.parts.telling import tell

#: The schedule that is to be described anew, as it was then; None: a new one.
EDITING = "schedule_editing"
TO_DELETE = "schedule_to_delete"
SHOWN = 20
_HISTORY = "schedule_history"


def card(shop: Shop, one: Schedule, run: Run | None, destinations: Mapping[str, str]) -> None:
    """Draw one schedule.

    Args:
        run: Its newest run.
        destinations: The names of destinations by their ids.
    """
    now, where = time.time(), words.zone(st.context.timezone)
    with st.container(border=True, key=f"schedule-{one.id}", gap="xsmall"):
        _head(one)
        st.markdown(f"{plain(schedule_words.when(one))} · {plain(_next(one, now, where))}")
        st.caption(plain(schedule_words.what(one.task, destinations)))
        if one.trouble:
            st.warning(f"It cannot look: {plain(one.trouble)}", icon=":material/warning:")
        if run is not None:
            _result(run, now, where)
        _actions(shop, one, run)
        if one.id in _opened():
            _history(shop, one, now, where)


def _head(one: Schedule) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(one.name)}**")
        if not one.enabled:
            st.badge("Paused", icon=":material/pause_circle:", color="orange")


def _result(run: Run, now: float, where: tzinfo) -> None:
    state = schedule_words.STATES[run.status]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(schedule_words.last(run, now, where), width="content")
        st.badge(state.word, icon=state.icon, color=state.color)
        _job(run)
    if run.said:
        st.caption(plain(run.said))


def _job(run: Run) -> None:
    if run.job_id:
        st.page_link(
            "pages/jobs.py",
            label="Its job",
            icon=":material/list_alt:",
            query_params={JOB: run.job_id},
        )


def _next(one: Schedule, now: float, where: tzinfo) -> str:
    if not one.enabled:
        return "nothing starts while it is paused, and nothing is caught up on"
    due = one.next_due(now)
    if due is None:
        return "waits for jobs"
    word = "next look" if one.trigger is Trigger.CATALOG else "next run"
    return f"{word} {schedule_words.coming(due, now, where)}"


def _actions(shop: Shop, one: Schedule, run: Run | None) -> None:
    busy = run is not None and run.open and run.status is not RunStatus.HELD
    with st.container(horizontal=True, gap="small"):
        if one.trigger.extracts:
            asked = st.button(
                "Run now", key=f"run-{one.id}", icon=":material/play_arrow:", disabled=busy
            )
            if asked:
                _do(lambda: schedule_starts.now(shop.db, one))
        if one.enabled:
            if st.button("Pause", key=f"pause-{one.id}", icon=":material/pause:"):
                _do(lambda: schedules.pause(shop.db, one.id))
        elif st.button("Switch on", key=f"resume-{one.id}", icon=":material/play_circle:"):
            _do(lambda: schedules.resume(shop.db, one.id))
        if st.button("Edit", key=f"edit-{one.id}", icon=":material/edit:"):
            st.session_state[EDITING] = one
            st.rerun()
        label = "Hide history" if one.id in _opened() else "History"
        if run is not None:
            st.button(
                label,
                key=f"history-{one.id}",
                icon=":material/history:",
                on_click=lambda: _opened().symmetric_difference_update({one.id}),
            )
        if st.button("Delete", key=f"delete-{one.id}", icon=":material/delete:"):
            # Asked by the page, not here: a fragment that redraws itself would close the dialog.
            st.session_state[TO_DELETE] = one
            st.rerun()


def _opened() -> set[str]:
    """The schedules whose history is shown."""
    found: set[str] = st.session_state.setdefault(_HISTORY, set())
    return found


def _history(shop: Shop, one: Schedule, now: float, where: tzinfo) -> None:
    for run in schedule_runs.history(shop.db, one.id, SHOWN):
        state = schedule_words.STATES[run.status]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(words.moment(run.started_at, now, where), width="content")
            st.badge(state.word, icon=state.icon, color=state.color)
            _job(run)
            if run.said:
                st.caption(plain(run.said))


def _do(act: Callable[[], object]) -> None:
    """Do what a button says, and draw the page anew."""
    _tried(act)
    st.rerun()


def _tried(act: Callable[[], object]) -> None:
    """Do something; a decision that came too late is told, not raised."""
    try:
        act()
    except ShopkeeperError as error:
        tell(error.message, problem=True)


def confirm_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for."""
    asked: Schedule | None = st.session_state.pop(TO_DELETE, None)
    if asked is not None:
        _confirm_delete(shop, asked)


@st.dialog("Delete this schedule?")
def _confirm_delete(shop: Shop, one: Schedule) -> None:
    st.markdown(
        f"“{plain(one.name)}” and the record of its runs will be gone for good. Jobs that it has "
        "started, and their results, stay."
    )
    question.answers(
        "schedule", "Delete the schedule", _tried, lambda: schedules.delete(shop.db, one.id)
    )
