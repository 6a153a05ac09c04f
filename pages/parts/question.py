"""How a question ends that is asked before something is lost or undone: leave it, or do it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def answers(
    about: str,
    label: str,
    act: Callable[..., None],
    *args: object,
    leave: str = "Keep it",
    icon: str | None = None,
) -> None:
    """Draw the two buttons below a question; either of them closes its dialog.

    Args:
        about: What is asked about, in the buttons' keys.
        label: On the button that does it.
        act: What it does, before the page is drawn anew.
        args: What it is handed.
        leave: On the button that does nothing.
        icon: On the button that does it.
    """
    with st.container(horizontal=True, horizontal_alignment="right"):
        left = st.button(leave, key=f"keep-{about}")
        done = st.button(
            label, key=f"confirm-{about}", type="primary", icon=icon, on_click=act, args=args
        )
    if left or done:
        st.rerun()
