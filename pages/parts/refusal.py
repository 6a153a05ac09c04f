"""What somebody sees who may not enter a page: why, and what to do about it."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from core.people import Person
from core.settings import Settings
from pages.parts.escape import plain
from pages.parts.rooms import Room
from pages.parts.sign_in_place import link, sign_in

#: For whom a page is, by the least role that it needs.
_FOR = {
    "shopper": "people who are signed in",
    "merchandiser": "people who work for the shop",
    "administrator": "administrators",
}


def refuse(settings: Settings, person: Person, wanted: Room) -> NoReturn:
    """Say that this page is not for them, and end it."""
    st.title(wanted.title, anchor=False)
    if not person.id:
        st.info(
            f"This page is for {_FOR[wanted.least]}. Please sign in to open it.",
            icon=":material/lock:",
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            sign_in(settings, key="sign-in-here", type="primary")
            if not settings.shoppers_sign_in:
                link("Ask the shop", ".", "tertiary")
    else:
        st.info(
            f"This page is for {_FOR[wanted.least]}. You are signed in as "
            f"**{plain(person.name)}** ({person.role}). An administrator can let you in.",
            icon=":material/lock:",
        )
        link("Ask the shop", ".", "primary")
    st.stop()
