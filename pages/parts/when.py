"""How fresh the results must be: in the background, or cheapest at a provider."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.endpoints import Endpoint
from core.errors import ShopkeeperError
from core.usage import Tokens
from pages.parts import words
from pages.parts.draft import Draft
from pages.parts.entry import open_chat_lane
from pages.parts.escape import plain
from pages.parts.steps import current_draft, keep

_KEY = "job-when"
_BACKGROUND = ""


def choose(draft: Draft) -> Endpoint | None:
    """Ask where there is a choice; returns the endpoint whose provider takes the rows, if any."""
    offering = {one.name: one for one in _endpoints() if one.offers_batches}
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


def _endpoints() -> tuple[Endpoint, ...]:
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


def forecast(endpoint: Endpoint, to_ask: int, tried: int, tokens: Tokens) -> str:
    """When the results will be there, and what they may cost, judged by the rows that were tried.

    Args:
        endpoint: Whose provider takes the rows.
        to_ask: How many rows it is asked for.
        tried: Rows that were tried.
        tokens: What those took together.
    """
    kept = "You can close the browser meanwhile; nothing is lost."
    when = f"{words.several(to_ask, 'row')} are done within 24 hours, mostly sooner."
    whole = endpoint.cost(tokens) / max(1, tried) * to_ask
    if not whole:
        return f"{when} {kept}"
    usual = words.money(whole, endpoint.currency)
    price = words.money(whole * endpoint.batch_price, endpoint.currency)
    return plain(f"{when} They cost about {price}, in the background about {usual}. {kept}")
