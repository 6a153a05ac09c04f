"""What a click does with a release: how far it is while it goes on, and what it did."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import ShopkeeperError
from core.releases import OnStep
from pages.parts.telling import tell


def steps(label: str, whole: int) -> OnStep:
    """A bar that is told how many products are done, of how many."""
    bar = st.progress(0.0, text=f"{label}…")

    def show(done: int) -> None:
        bar.progress(min(1.0, done / max(1, whole)), text=f"{label}: {done:,} of {whole:,}")

    return show


def do(act: Callable[[], str]) -> None:
    """Do something that says what it did, and draw the page anew."""
    try:
        tell(act())
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    st.rerun()
