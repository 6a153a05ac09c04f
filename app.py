"""The app: its web server; page config, navigation, the gate, then the page."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st
from starlette.middleware import Middleware
from streamlit.navigation.page import StreamlitPage

from core import redaction
from core.errors import ShopkeeperError
from core.people import STRANGER, Person
from pages.parts.arrivals import Arrivals
from pages.parts.counter_routes import counter_routes
from pages.parts.door_routes import door_routes
from pages.parts.doorway import Doorway
from pages.parts.download_route import download_route
from pages.parts.entry import admitted, let_in, open_settings, open_shop_database, who
from pages.parts.guard import Guard
from pages.parts.headers import Headers
from pages.parts.opening import opening
from pages.parts.provider import provider_secrets
from pages.parts.rooms import COUNTER, ROOMS, room, rooms_of, titled
from pages.parts.services import started
from pages.parts.sign_in_place import sign_in_place
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
    st.html(DRAWINGS / "app.css")
    st.logo(DRAWINGS / "logo.svg", size="large", icon_image=DRAWINGS / "icon.svg")
    with boxed():
        try:
            person = who()
        except ShopkeeperError:
            # Until a session has called it, a deep link would run a page without this file.
            st.navigation(_navigation(STRANGER))
            raise
        page = st.navigation(_navigation(person))
        # Reading wants a narrow column, tables a wide one.
        narrow = page.title == room(COUNTER).title
        st.set_page_config(f"{page.title} · Shopkeeper", layout="centered" if narrow else "wide")
        settings, db = open_settings(), open_shop_database()
        sign_in_place(settings, db, person)
        let_in()
        admitted(titled(page.title))
        started()
        show_told()
        # Before the page: what a page waits for must not delay the cookie.
        remember_visitor()
        page.run()


def _navigation(person: Person) -> dict[str, list[StreamlitPage]]:
    """The pages by section, as Streamlit wants them; whoever may not enter one does not see it.

    All are named, so that a link to any of them says why it stays closed.
    """
    sections: dict[str, list[StreamlitPage]] = {}
    open_to_them = rooms_of(person.role)
    for one in ROOMS:
        seen: Literal["visible", "hidden"] = "visible" if one in open_to_them else "hidden"
        page = st.Page(
            one.path, title=one.title, icon=one.icon, default=one.path == COUNTER, visibility=seen
        )
        sections.setdefault(one.section, []).append(page)
    return sections


if __name__ == "__main__":
    main()
else:
    redaction.install()
    # `streamlit run` finds this line, and serves the script above with our routes beside it.
    app = st.App(
        __file__,
        secrets=provider_secrets(open_settings()),
        routes=[download_route(), *counter_routes(), *door_routes()],
        middleware=[
            Middleware(Headers),
            Middleware(Doorway),
            Middleware(Guard),
            Middleware(Arrivals),
        ],
        lifespan=opening,
    )
