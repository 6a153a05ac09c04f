"""What a job will take: asked for by a person, judged by a few rows that are read for it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from batch.estimate import Estimate, estimate
from batch.estimating import read_sample
from batch.extract import Outcome
from batch.forecast import Forecast
from batch.plan import Plan
from batch.uploads import Upload
from core.errors import ShopkeeperError
from core.roster import configured
from core.statuses import RowStatus
from pages.parts import outlook_html, trouble, unchanged, words
from pages.parts.draft import Draft
from pages.parts.entry import Shop, open_chat_lane

BEAT_S = 0.3
_OUTLOOK = "outlook"
_WANTED = "outlook-wanted"


@dataclass(frozen=True, slots=True)
class Outlook:
    """Rows that are read for an estimate, or were.

    Attributes:
        setup: What was chosen when it was asked for.
        to_ask: Rows that a model was to be asked for then.
        numbers: The rows that stand for them.
        outcomes: What has come of each so far.
        running: Whether the rest is to be read; survives a redraw of the page.
        problem: Why it could not go on.
    """

    setup: tuple[object, ...]
    to_ask: int
    numbers: tuple[int, ...]
    outcomes: Mapping[int, Outcome] = field(default_factory=dict, repr=False)
    running: bool = True
    problem: ShopkeeperError | None = None

    def judged(self, shop: Shop) -> Estimate | None:
        """What these rows say about the job."""
        outcomes = list(self.outcomes.values())
        read = sum(one.status is RowStatus.DONE and one.attempts > 0 for one in outcomes)
        left = max(0, self.to_ask - read)
        return estimate(left, outcomes, configured(shop.settings))


def draw(draft: Draft, plan: Plan) -> DeltaGenerator:
    """Draw the question; returns the place of the answer."""
    st.subheader("What it will take", anchor=False)
    outlook = _current(_setup(draft, plan))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        running = outlook is not None and outlook.running
        st.button(
            "Estimate again" if outlook else "Estimate",
            key="estimate",
            icon=":material/calculate:",
            disabled=running,
            on_click=_want,
        )
        if running:
            st.button("Stop", key="estimate-stop", icon=":material/stop:", on_click=_stop)
        if outlook is None:
            st.caption(
                "Reads about 20 rows that stand for all of them, and tells time, cost and how "
                "many you will have to look at. The job does not pay for them again."
            )
    return st.container(gap="xsmall")


def _setup(draft: Draft, plan: Plan) -> tuple[object, ...]:
    return draft.upload_id, draft.columns, plan, unchanged.fresh()


def _current(setup: tuple[object, ...]) -> Outlook | None:
    outlook = st.session_state.get(_OUTLOOK)
    return outlook if isinstance(outlook, Outlook) and outlook.setup == setup else None


def _want() -> None:
    st.session_state[_WANTED] = True


def _stop(problem: ShopkeeperError | None = None) -> None:
    outlook = st.session_state.get(_OUTLOOK)
    if isinstance(outlook, Outlook):
        st.session_state[_OUTLOOK] = replace(outlook, running=False, problem=problem)


def go_on(
    shop: Shop,
    upload: Upload,
    draft: Draft,
    plan: Plan,
    only: str | None,
    found: Forecast | None,
    place: DeltaGenerator,
) -> None:
    """Draw the answer, reading what is missing for it first."""
    setup = _setup(draft, plan)
    outlook = _current(setup)
    if st.session_state.pop(_WANTED, False) and found is not None:
        all_of_them = unchanged.fresh()
        numbers = found.sample_of_all if all_of_them else found.sample
        outlook = Outlook(setup, found.rows if all_of_them else found.to_ask, numbers)
        st.session_state[_OUTLOOK] = outlook
        if numbers:
            st.rerun()
    if outlook is None:
        return
    with place:
        if outlook.running and outlook.numbers:
            _read(shop, upload, draft, plan, only, outlook)
        else:
            _answer(shop, outlook)


def _answer(shop: Shop, outlook: Outlook) -> None:
    if outlook.problem:
        trouble.draw(outlook.problem)
    judged = outlook.judged(shop)
    if judged is not None:
        st.html(outlook_html.ways_html(judged))
        st.caption(outlook_html.sentence(judged))
    elif not outlook.numbers:
        st.caption("Every row is known already: the job costs nothing.")


def _read(
    shop: Shop, upload: Upload, draft: Draft, plan: Plan, only: str | None, outlook: Outlook
) -> None:
    bar = st.progress(0.0, text="Reading a few rows…")
    wanted = tuple(one for one in outlook.numbers if one not in outlook.outcomes)
    read = read_sample(
        shop.db,
        open_chat_lane(),
        upload.id,
        draft.columns,
        plan,
        wanted,
        only=only,
        beat_s=BEAT_S,
    )
    try:
        with closing(read):
            for outcome in read:
                if outcome is not None:
                    outcomes = {**outlook.outcomes, outcome.row_no: outcome}
                    outlook = replace(outlook, outcomes=outcomes)
                    st.session_state[_OUTLOOK] = outlook
                done, of = len(outlook.outcomes), len(outlook.numbers)
                said = f"{done} of {words.several(of, 'row')} read. Shoppers come first."
                bar.progress(done / of, text=said)
    except ShopkeeperError as error:
        _stop(error)
        st.rerun()
    _stop()
    unchanged.count_anew()
    st.rerun()
