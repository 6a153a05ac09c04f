"""Step 4: try it on a few rows, then start the job in the background."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from batch import jobs, uploads
from batch.extract import Outcome
from batch.plan import Plan
from batch.prompt import row_text
from batch.trial import try_rows
from batch.uploads import Upload
from core.endpoints import Endpoint
from core.errors import ShopkeeperError
from core.usage import Tokens
from pages.parts import trial_html, trouble, unchanged, when, words
from pages.parts.draft import Draft, checked_plan
from pages.parts.entry import Shop, open_chat_lane
from pages.parts.escape import plain
from pages.parts.steps import Step, current_draft, forget, keep, onward

TRY_ROWS = 5
_TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows that were tried, and with which choices."""

    setup: tuple[object, ...]
    outcomes: Mapping[int, Outcome]
    elapsed_s: float


def draw(shop: Shop, upload: Upload, draft: Draft) -> None:
    """Draw the step; the trial runs when everything else can be used already."""
    plan = checked_plan(draft)
    rows = list(enumerate(uploads.preview(shop.settings, upload, TRY_ROWS), start=1))
    trial = _last_trial(draft, plan)
    pressed = _try_button(len(rows), again=trial is not None)
    area = st.container(key="trial")
    forecast, below, provider = _start(shop, upload, draft, plan)
    forecast.caption(_forecast(upload.catalog.rows, trial, provider))
    onward(Step.START, ready=True)
    if pressed:
        with area:
            trial = _try(shop, draft, plan, rows)
    elif trial:
        with area:
            places = _places(draft, rows)
        for row_no, outcome in trial.outcomes.items():
            _show(places[row_no], outcome, plan)
    with below, trouble.boxed():
        found = unchanged.look(shop, upload, draft, plan, provider.name if provider else None)
        to_ask = found.to_ask if found and not unchanged.fresh() else upload.catalog.rows
        forecast.caption(_forecast(to_ask, trial, provider))


def _try_button(count: int, *, again: bool) -> bool:
    st.subheader("Try it now", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Try it on {words.several(count, 'row')}",
            icon=":material/play_arrow:",
            key="try",
            type="secondary" if again else "primary",
        )
        st.caption("Nothing is stored. Go back and adjust until you like what you see.")
    return pressed


def _last_trial(draft: Draft, plan: Plan) -> Trial | None:
    """The last trial, if nothing was changed since."""
    trial = st.session_state.get(_TRIAL)
    same = isinstance(trial, Trial) and trial.setup == _setup(draft, plan)
    return trial if same else None


def _setup(draft: Draft, plan: Plan) -> tuple[object, ...]:
    return draft.upload_id, draft.columns, plan


def _places(
    draft: Draft, rows: Sequence[tuple[int, Mapping[str, str]]]
) -> dict[int, DeltaGenerator]:
    """A card for each row: its text at once, a place for its values beside it."""
    places = {}
    for row_no, row in rows:
        with st.container(border=True):
            left, right = st.columns([1, 1], gap="medium")
            text, _ = row_text(row, draft.columns)
            left.html(trial_html.source_html(row_no, text))
            places[row_no] = right.empty()
    return places


def _try(
    shop: Shop,
    draft: Draft,
    plan: Plan,
    rows: Sequence[tuple[int, Mapping[str, str]]],
) -> Trial | None:
    """Try the rows; each is drawn as it comes."""
    places = _places(draft, rows)
    for place in places.values():
        place.caption(":shimmer[Reading…]")
    begun = time.monotonic()
    outcomes: dict[int, Outcome] = {}
    try:
        for outcome in try_rows(shop.db, open_chat_lane(), draft.columns, plan, rows):
            outcomes[outcome.row_no] = outcome
            _show(places[outcome.row_no], outcome, plan)
    except ShopkeeperError as error:
        for row_no, place in places.items():
            if row_no not in outcomes:
                place.empty()
        trouble.draw(error)
        return None
    trial = Trial(_setup(draft, plan), outcomes, time.monotonic() - begun)
    st.session_state[_TRIAL] = trial
    return trial


def _show(place: DeltaGenerator, outcome: Outcome, plan: Plan) -> None:
    place.html(trial_html.outcome_html(outcome, plan.of_type(outcome.product_type)))


def _start(
    shop: Shop, upload: Upload, draft: Draft, plan: Plan
) -> tuple[DeltaGenerator, DeltaGenerator, Endpoint | None]:
    """Draw the way to start.

    Returns:
        The places of the forecast and of what is unchanged, and the endpoint whose
        provider is to do the rows, if one is.
    """
    st.subheader("Start the job", anchor=False)
    if draft.version_of:
        earlier = draft.version_of
        st.caption(f"A new version of “{plain(earlier.name)}”; version {earlier.version} is kept.")
    provider = when.choose(draft)
    forecast = st.empty()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name of the job", draft.name, key="job-name", on_change=_rename, max_chars=120
        )
        pressed = st.button(
            f"Start with {words.several(upload.catalog.rows, 'row')}",
            icon=":material/rocket_launch:",
            type="primary",
            key="start",
        )
    if pressed:
        jobs.submit(
            shop.db,
            upload.id,
            draft.columns,
            plan,
            name.strip() or upload.name,
            fresh=unchanged.fresh(),
            version_of=draft.version_of,
            provider=provider.name if provider else None,
        )
        unchanged.look_anew()
        forget()
        st.switch_page("pages/jobs.py")
    return forecast, st.container(gap="xsmall"), provider


def _rename() -> None:
    if draft := current_draft():
        keep(replace(draft, name=st.session_state["job-name"]))


def _forecast(to_ask: int, trial: Trial | None, provider: Endpoint | None) -> str:
    """How long the rows may take, judged by those that were tried."""
    outcomes = list(trial.outcomes.values()) if trial else []
    if provider:
        took = sum((one.tokens for one in outcomes), Tokens())
        return when.forecast(provider, to_ask, len(outcomes), took)
    kept = "You can close the browser meanwhile; nothing is lost."
    if trial is None or not outcomes:
        return f"Try a few rows first to see how long it may take. {kept}"
    whole = trial.elapsed_s / len(outcomes) * to_ask
    rows = words.several(to_ask, "row")
    return f"At the speed of the trial, {rows} take {words.about(whole)}. {kept}"
