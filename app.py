"""The app: its web server; page config, navigation, the gate, then the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import StreamlitPage

from pages.parts.arrivals import Arrivals
from pages.parts.counter_routes import counter_routes
from pages.parts.download_route import download_route
from pages.parts.entry import let_in
from pages.parts.opening import opening
from pages.parts.rooms import COUNTER, ROOMS, room
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
    # Our own files, and before the pages are named: Streamlit would fetch their icons
    # from the internet.
    st.set_page_config("Shopkeeper", DRAWINGS / "icon.svg", menu_items={"About": ABOUT})
    st.logo(DRAWINGS / "logo.svg", size="large", icon_image=DRAWINGS / "icon.svg")
    # Before the gate: until a session has called it, a deep link would run a page
    # without this file.
    page = st.navigation(_navigation())
    # Reading wants a narrow column, tables a wide one.
    narrow = page.title == room(COUNTER).title
    st.set_page_config(f"{page.title} · Shopkeeper", layout="centered" if narrow else "wide")
    with boxed():
        if not may_enter():
            st.stop()
        let_in()
        started()
        show_told()
        # Before the page: what a page waits for must not delay the cookie.
        remember_visitor()
        page.run()


def _navigation() -> dict[str, list[StreamlitPage]]:
    """The pages by section, as Streamlit wants them."""
    sections: dict[str, list[StreamlitPage]] = {}
    for one in ROOMS:
        page = st.Page(one.path, title=one.title, icon=one.icon, default=one.path == COUNTER)
        sections.setdefault(one.section, []).append(page)
    return sections


def may_enter() -> bool:
    """The gate: for now everyone may come in."""
    return True


if __name__ == "__main__":
    main()
else:
    # `streamlit run` finds this line, and serves the script above with our routes beside it.
    app = st.App(
        __file__,
        routes=[download_route(), *counter_routes()],
        middleware=[Middleware(Arrivals)],
        lifespan=opening,
    )
