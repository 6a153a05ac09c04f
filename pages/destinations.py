"""Where results go: destinations that are set up once, and what was sent to each."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFoundError
from pages.parts import destination_list, destination_view, trouble
from pages.parts.destination_acts import DESTINATION, confirm_what_was_asked, open_destination
from pages.parts.entry import Shop, enter


def main() -> None:
    """Draw the page."""
    shop = enter("pages/destinations.py")
    st.title("Destinations", anchor=False)
    confirm_what_was_asked(shop)
    wanted = st.query_params.get(DESTINATION)
    if wanted:
        _one(shop, wanted)
    else:
        _all(shop)


def _one(shop: Shop, destination_id: str) -> None:
    try:
        destination_view.draw(shop, destination_id)
    except NotFoundError as error:
        trouble.draw(error)
        open_destination(None)
        _all(shop)


def _all(shop: Shop) -> None:
    st.caption(
        "Where results go when a job is done: set up once, tested with a button, and sent to as "
        "often as you like. Nothing is ever there twice."
    )
    destination_list.draw(shop)


main()
