"""The app: page config, navigation, the gate, then the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.entry import let_in
from pages.parts.services import started
from pages.parts.telling import show_told
from pages.parts.trouble import boxed
from pages.parts.visitor import remember_visitor

DRAWINGS = Path(__file__).parent / "pages" / "parts"
ABOUT = (
    "**Shopkeeper** answers shoppers' questions from your catalog and policies, "
    "and finds the product details hidden in your texts."
)


def main() -> None:
    """Draw the app."""
    # Our own files: Streamlit would fetch a named icon from the internet.
    # The layout is said each time, as it would stay that of the page seen before.
    st.set_page_config(
        "Shopkeeper", DRAWINGS / "icon.svg", layout="centered", menu_items={"About": ABOUT}
    )
    st.logo(DRAWINGS / "logo.svg", size="large", icon_image=DRAWINGS / "icon.svg")
    # First of all: until a session has called it, a deep link would run a page
    # without this file.
    page = st.navigation(
        [
            st.Page("pages/chat.py", title="Ask the shop", icon=":material/chat:", default=True),
            st.Page("pages/upload.py", title="Upload", icon=":material/upload_file:"),
            st.Page("pages/jobs.py", title="Jobs", icon=":material/list_alt:"),
            st.Page("pages/pool.py", title="Pool", icon=":material/monitoring:"),
        ]
    )
    with boxed():
        if not may_enter():
            st.stop()
        let_in()
        started()
        show_told()
        # Before the page: what a page waits for must not delay the cookie.
        remember_visitor()
        page.run()


def may_enter() -> bool:
    """The gate: for now everyone may come in."""
    return True


main()
