"""Step 4: try it on a few rows, see what it will take, then start the job."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from batch.allowance import allowed_budget, check_rows
from batch.plan import Plan
from batch.submission import submit
from batch.uploads import Upload
from core.endpoints import Endpoint
from core.errors import JobError
from core.limits import JobLimits
from pages.parts import (
    budget_choice,
    learning_choice,
    outlook,
    trouble,
    try_it,
    unchanged,
    when,
    words,
)
from pages.parts.draft import Draft, checked_plan
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.steps import Step, current_draft, forget, keep, onward


def draw(shop: Shop, upload: Upload, draft: Draft) -> None:
    """Draw the step; rows are read when everything else can be used already."""
    plan = checked_plan(draft)
    cards = try_it.draw(shop, upload, draft, plan)
    provider = when.chosen(draft)
    only = provider.name if provider else None
    answer = outlook.draw(draft, plan)
    below = _start(shop, upload, draft, plan)
    onward(Step.START, ready=True)
    try_it.go_on(shop, cards)
    with below, trouble.boxed():
        found = unchanged.look(shop, upload, draft, plan, only)
    outlook.go_on(shop, upload, draft, plan, only, found, answer)


def _start(shop: Shop, upload: Upload, draft: Draft, plan: Plan) -> DeltaGenerator:
    """Draw the way to start; returns the place of what is unchanged."""
    st.subheader("Start the job", anchor=False)
    if draft.version_of:
        earlier = draft.version_of
        st.caption(f"A new version of “{plain(earlier.name)}”; version {earlier.version} is kept.")
    provider = when.choose(draft)
    learns = learning_choice.draw(shop, upload.id, draft.columns, plan)
    limits = shop.job_limits
    limit = budget_choice.draw(provider, limits.budget)
    fits = _fits(limits, upload)
    st.caption("You can close the browser meanwhile; nothing is lost.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the job", draft.name, key="job-name", on_change=_rename, max_chars=120
        )
        pressed = st.button(
            f"Start with {words.several(upload.catalog.rows, 'row')}",
            icon=":material/rocket_launch:",
            type="primary",
            key="start",
            disabled=not fits,
        )
    if pressed:
        _submit(shop, upload, draft, plan, name, provider, limit=limit, learns=learns)
    return st.container(gap="xsmall")


def _fits(limits: JobLimits, upload: Upload) -> bool:
    """Whether a job of this size may be started here; says so before anybody clicks."""
    if limits.rows is None:
        return True
    try:
        check_rows(limits, upload.catalog.rows)
    except JobError as error:
        st.warning(plain(error.message), icon=":material/block:")
        return False
    return True


def _submit(
    shop: Shop,
    upload: Upload,
    draft: Draft,
    plan: Plan,
    name: str,
    provider: Endpoint | None,
    *,
    limit: float | None,
    learns: bool,
) -> None:
    only = provider.name if provider else None
    chosen = budget_choice.budget(limit, provider)
    rows, endpoints = upload.catalog.rows, when.endpoints()
    submit(
        shop.db,
        upload.id,
        draft.columns,
        plan,
        name.strip() or upload.name,
        fresh=unchanged.fresh(),
        version_of=draft.version_of,
        provider=only,
        budget=allowed_budget(shop.job_limits, rows, chosen, endpoints, only),
        learns=learns,
    )
    unchanged.look_anew()
    forget()
    st.switch_page("pages/jobs.py")


def _rename() -> None:
    if draft := current_draft():
        keep(replace(draft, name=st.session_state["job-name"]))
