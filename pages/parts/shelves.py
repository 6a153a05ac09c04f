"""What the shop is still busy with before it can answer everything, moving by itself."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import products, progress
from core.progress import Progress, Task
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trouble import boxed

_OPENING = Progress("Opening the shop: the sample products will be here in a moment", 0, 0)


def filling(shop: Shop) -> Progress | None:
    """What is being put on the shelves; None when everything is there."""
    reported = progress.read(shop.settings)
    if reported:
        return reported
    pending = products.count_pending(shop.db)
    if pending:
        return Progress("Filling the shelves", 0, pending)
    if shop.settings.sample_shop and not products.count(shop.db):
        return _OPENING
    return None


def shelves(shop: Shop) -> bool:
    """Draw what the shop is busy with; tells whether it is busy."""
    busy = filling(shop) is not None
    fetching = _fetching(shop) is not None
    if busy or fetching:
        _moving(shop, busy, fetching)
    return busy


@st.fragment(run_every="1s")
def _moving(shop: Shop, busy: bool, fetching: bool) -> None:
    """The bars; the page is drawn anew when one of them is no longer needed."""
    with boxed():
        state, fetched = filling(shop), _fetching(shop)
        if (busy and state is None) or (fetching and fetched is None):
            st.rerun()
        if state:
            st.progress(state.fraction, text=_text(state, lambda count: f"{count:,}"))
        if fetched:
            st.progress(fetched.fraction, text=_text(fetched, words.file_size))
            st.caption("Sources are shown already; answers in words come when the model is here.")


def _fetching(shop: Shop) -> Progress | None:
    return progress.read(shop.settings, task=Task.MODEL)


def _text(state: Progress, number: Callable[[int], str]) -> str:
    """``Filling the shelves: 120 of 276``."""
    label = plain(state.label)
    if not state.total:
        return f"{label}…"
    if not state.done:
        return f"{label}: {number(state.total)} to go"
    return f"{label}: {number(state.done)} of {number(state.total)}"
