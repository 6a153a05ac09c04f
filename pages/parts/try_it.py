"""Trying it: a few rows read while a person looks on, each beside its text."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from batch.inputs import Input, Inputs
from batch.plan import Plan
from batch.table import read_rows
from batch.trial import try_rows
from batch.uploads import Upload, table_path
from core.errors import ShopkeeperError
from pages.parts import descriptions, trial_html, trial_rows, trial_state, trouble, words
from pages.parts.draft import Draft
from pages.parts.entry import Shop, open_chat_lane
from pages.parts.escape import html, plain
from pages.parts.marked_text import letter_html, linking_css
from pages.parts.trial_state import Trial

#: How often a running trial looks whether it should go on.
BEAT_S = 0.3
_READING = '<div class="sk-quiet sk-waiting">Reading</div>'
_LEFT_OUT = '<div class="sk-quiet">Not read.</div>'


@dataclass(frozen=True, slots=True)
class Cards:
    """Where a trial is drawn."""

    trial: Trial
    items: Mapping[int, Input]
    places: Mapping[int, DeltaGenerator]
    clock: DeltaGenerator


def draw(shop: Shop, upload: Upload, draft: Draft, plan: Plan) -> Cards | None:
    """Draw the trial as far as it is; :func:`go_on` reads the rows that are missing."""
    st.subheader("Try it now", anchor=False)
    trial = trial_state.taken_up(upload.id, draft.columns, plan)
    trial_rows.draw(shop, upload, draft.columns, plan, trial)
    if trial is None:
        st.caption("A few rows, read while you wait. Nothing is stored.")
        return None
    descriptions.draw(draft)
    area = st.container(gap="small", key="trial")
    with area:
        return _cards(shop, upload, trial, outdated=_outdated(trial, draft, plan))


def _outdated(trial: Trial, draft: Draft, plan: Plan) -> bool:
    return (trial.columns, trial.plan) != (draft.columns, plan)


def _cards(shop: Shop, upload: Upload, trial: Trial, *, outdated: bool) -> Cards:
    inputs = Inputs(trial.columns, trial.plan)
    rows = read_rows(table_path(shop.settings, upload.id), trial.row_nos)
    items = {number: inputs.of(number, row) for number, row in rows}
    clock = st.empty()
    if trial.problem:
        with clock:
            trouble.draw(trial.problem)
    elif outdated and not trial.running:
        clock.info(
            "You have changed something since. Try again to see what it does.",
            icon=":material/edit_note:",
        )
    elif said := _changed(trial):
        clock.caption(said)
    _legend(list(items.values()))
    places = {}
    for number, item in items.items():
        with st.container(border=True, key=f"tried-{number}"):
            places[number] = st.empty()
        _show(places[number], trial, item)
    return Cards(trial, items, places, clock)


def _changed(trial: Trial) -> str:
    """How many values are others than the last time."""
    if not trial.before or trial.running:
        return ""
    each = [
        len(trial_html.changes(outcome, trial.before.get(number)))
        for number, outcome in trial.outcomes.items()
    ]
    if not sum(each):
        return "No value has changed since the last try."
    rows = words.several(sum(bool(one) for one in each), "row")
    return f"**{words.several(sum(each), 'value')} in {rows} changed** since the last try."


def _legend(items: Sequence[Input]) -> None:
    """Which letter is which field, where all rows have the same fields."""
    most = max((len(item.fields) for item in items), default=0)
    st.html(f"<style>{linking_css(most)}</style>")
    if len({id(item.fields) for item in items}) != 1:
        return
    names = (
        f"<span>{letter_html(number)} {html(field.name)}</span>"
        for number, field in enumerate(items[0].fields)
    )
    st.html(f'<div class="sk-legend">{"".join(names)}</div>')


def _show(place: DeltaGenerator, trial: Trial, item: Input) -> None:
    outcome = trial.outcomes.get(item.row_no)
    if outcome is not None:
        before = trial.before.get(item.row_no)
        right = trial_html.outcome_html(outcome, item.fields, before)
    else:
        right = _READING if trial.running else _LEFT_OUT
    place.html(trial_html.card_html(item, trial.columns, outcome, right))


def go_on(shop: Shop, cards: Cards | None) -> None:
    """Read the rows of a running trial that are missing; each is drawn as it comes.

    Whatever else a person does meanwhile interrupts this, and the next drawing of the
    page goes on with what is missing then.
    """
    if cards is None or not cards.trial.running:
        return
    trial = cards.trial
    rows = [(number, cards.items[number].row) for number in trial.missing if number in cards.items]
    lane, began = open_chat_lane(), time.monotonic()
    read = try_rows(shop.db, lane, trial.columns, trial.plan, rows, beat_s=BEAT_S)
    try:
        with closing(read):
            for outcome in read:
                if outcome is not None:
                    trial = trial_state.add(trial, outcome)
                    _show(cards.places[outcome.row_no], trial, cards.items[outcome.row_no])
                cards.clock.caption(_progress(trial, time.monotonic() - began))
    except ShopkeeperError as error:
        trial_state.stop(error)
        st.rerun()
    trial_state.stop()
    st.rerun()


def _progress(trial: Trial, seconds: float) -> str:
    done = f"{len(trial.outcomes)} of {words.several(len(trial.row_nos), 'row')} read"
    return plain(f"{done}, {seconds:.0f} s. You can go on meanwhile.")
