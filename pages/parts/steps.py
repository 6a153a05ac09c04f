"""The four steps of the upload page: where we are, what is done, how to go on and back."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from pages.parts.draft import Draft

_STEP = "upload_step"
_UPLOAD = "upload"
_DRAFT = "draft"


class Step(StrEnum):
    """One part of the way from a file to a job."""

    FILE = "File"
    COLUMNS = "Columns"
    FIELDS = "Fields"
    START = "Try and start"


ORDER = tuple(Step)


def current_draft() -> Draft | None:
    """What this session has chosen so far."""
    draft = st.session_state.get(_DRAFT)
    return draft if isinstance(draft, Draft) else None


def keep(draft: Draft) -> None:
    """Remember a draft; its upload goes into the address, so that F5 finds it again."""
    st.session_state[_DRAFT] = draft
    st.query_params[_UPLOAD] = draft.upload_id


def forget() -> None:
    """Begin again with no file."""
    st.session_state.pop(_DRAFT, None)
    st.session_state.pop(_STEP, None)
    st.query_params.clear()


def wanted_upload() -> str | None:
    """The upload named in the address."""
    return st.query_params.get(_UPLOAD)


def current_step() -> Step:
    """The step named in the address, else the last one; the first one without a file."""
    name = st.query_params.get(_STEP) or st.session_state.get(_STEP, "")
    known = current_draft() is not None and name in Step.__members__
    return Step[name] if known else Step.FILE


def go(step: Step) -> None:
    """Show a step from now on; in the session too, as other pages clear the address."""
    st.query_params[_STEP] = st.session_state[_STEP] = step.name


def path(here: Step) -> None:
    """Draw the steps; those that can be reached are buttons that lead there."""
    reachable = current_draft() is not None
    with st.container(horizontal=True, gap="xsmall", key="steps"):
        for number, step in enumerate(ORDER, start=1):
            passed = number <= ORDER.index(here)
            st.button(
                f"{number}\\. {step}",
                key=f"step-{number}",
                type="primary" if step is here else "secondary",
                icon=":material/check:" if passed else None,
                disabled=not reachable and step is not here,
                on_click=go,
                args=(step,),
            )


def onward(here: Step, *, ready: bool, reason: str = "") -> None:
    """Draw Back and Next under a step; a step that is not ready says why."""
    place = ORDER.index(here)
    with st.container(horizontal=True, vertical_alignment="center"):
        if place:
            st.button("Back", icon=":material/arrow_back:", on_click=go, args=(ORDER[place - 1],))
        if place + 1 < len(ORDER):
            st.button(
                f"Next: {ORDER[place + 1].lower()}",
                key="next",
                type="primary",
                icon=":material/arrow_forward:",
                icon_position="right",
                disabled=not ready,
                on_click=go,
                args=(ORDER[place + 1],),
            )
        if reason and not ready:
            st.caption(reason)
