"""How fresh the results must be: in the background, or cheapest at a provider."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.endpoints import Endpoint
from core.errors import ShopkeeperError
from pages.parts import words
from pages.parts.draft import Draft
from pages.parts.entry import open_chat_lane
from pages.parts.escape import plain
from pages.parts.steps import current_draft, keep

_KEY = "job-when"
_BACKGROUND = ""


def choose(draft: Draft) -> Endpoint | None:
    """Ask where there is a choice; returns the endpoint whose provider takes the rows, if any."""
    offering = {one.name: one for one in endpoints() if one.offers_batches}
    if not offering:
        return None
    names = [_BACKGROUND, *offering]
    chosen = st.radio(
        "When",
        names,
        names.index(draft.provider) if draft.provider in offering else 0,
        format_func=lambda name: _label(offering.get(name)),
        key=_KEY,
        on_change=_choose,
    )
    return offering.get(chosen)


def chosen(draft: Draft) -> Endpoint | None:
    """The endpoint whose provider is to take the rows, as it was chosen last."""
    name = st.session_state.get(_KEY, draft.provider)
    return next((one for one in endpoints() if one.offers_batches and one.name == name), None)


def endpoints() -> tuple[Endpoint, ...]:
    """All endpoints there are; none while they cannot be told."""
    try:
        return open_chat_lane().pool.roster.endpoints()
    except ShopkeeperError:
        return ()


def _label(endpoint: Endpoint | None) -> str:
    if endpoint is None:
        return "**In the background:** as the model has time"
    share = words.price_share(endpoint.batch_price)
    return f"**Cheapest:** within 24 hours, at {share} ({plain(endpoint.name)})"


def _choose() -> None:
    if draft := current_draft():
        keep(replace(draft, provider=st.session_state[_KEY]))
