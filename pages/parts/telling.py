"""Short messages that must outlive the redraw which follows an action."""

from __future__ import annotations

import streamlit as st

from pages.parts.escape import plain

_TOLD = "to_tell"


def tell(text: str, *, problem: bool = False) -> None:
    """Have a message shown when the page is drawn next; the text is shown as text."""
    st.session_state[_TOLD] = (plain(text), problem)


def show_told() -> None:
    """Show what is waiting to be told."""
    waiting = st.session_state.pop(_TOLD, None)
    if waiting:
        text, problem = waiting
        icon = ":material/error:" if problem else ":material/check_circle:"
        st.toast(text, icon=icon, duration="long" if problem else "short")
