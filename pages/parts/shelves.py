"""How far the shop is with putting products on the shelves, moving by itself."""

from __future__ import annotations

import streamlit as st

from core import products, progress
from core.progress import Progress
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trouble import boxed


def filling(shop: Shop) -> Progress | None:
    """What is being put on the shelves; None when everything is there."""
    reported = progress.read(shop.settings)
    if reported:
        return reported
    pending = products.count_pending(shop.db)
    if pending:
        return Progress("Filling the shelves", 0, pending)
    return None


def shelves(shop: Shop) -> None:
    """Draw the progress while there is any; nothing otherwise."""
    if filling(shop):
        _moving(shop)


@st.fragment(run_every="1s")
def _moving(shop: Shop) -> None:
    with boxed():
        state = filling(shop)
        if state is None:
            st.rerun()
        st.progress(state.fraction, text=_text(state))


def _text(state: Progress) -> str:
    if not state.total:
        return plain(state.label)
    if not state.done:
        return f"{plain(state.label)}: {words.several(state.total, 'product')} to go"
    return f"{plain(state.label)}: {state.done:,} of {state.total:,}"
