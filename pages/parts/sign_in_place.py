"""The place in the sidebar where people sign in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

import streamlit as st

from core.db import Database
from core.people import Person
from core.settings import Settings
from core.sign_in_settings import SignIn
from pages.parts.escape import html, plain
from pages.parts.person import sign_out_here
from pages.parts.wanted import keep_wanted

STYLES = Path(__file__).parent / "sign_in.css"


def sign_in_place(settings: Settings, db: Database, person: Person) -> None:
    """Draw it: a link for whoever is not signed in, a name and a way out for whoever is."""
    if settings.sign_in is SignIn.OFF:
        return
    with st.sidebar.container(key="sign-in-place"):
        if not person.id:
            sign_in(settings, key="sign-in", type="tertiary")
            if settings.sign_in is SignIn.OIDC:
                keep_wanted(_here())
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/person: **{plain(person.name)}**", width="stretch")
            if st.button("Sign out", key="sign-out", type="tertiary", width="content"):
                _sign_out(db)


def sign_in(settings: Settings, *, key: str, type: Literal["primary", "tertiary"]) -> None:
    """The way to sign in, and back to this page."""
    if settings.sign_in is SignIn.OIDC:
        label = f"Sign in with {settings.oidc_name}" if settings.oidc_name else "Sign in"
        if st.button(plain(label), key=key, type=type, icon=":material/login:"):
            st.login()
        return
    wanted = _here()
    address = f"door?{urlencode({'to': wanted}, quote_via=quote)}" if wanted else "door"
    link("Sign in", address, type)


def link(label: str, address: str, type: Literal["primary", "tertiary"]) -> None:
    """A link that stays in this tab, and looks like a button."""
    st.html(STYLES)
    st.html(f'<a class="sk-sign-in sk-{type}" href="{html(address)}" target="_self">{label}</a>')


def _here() -> str:
    """This page and what its address says, as seen from the first page."""
    page = urlsplit(st.context.url or "").path.rpartition("/")[2]
    query = urlencode(st.query_params.to_dict(), quote_via=quote)
    return f"{page}?{query}" if query else page


def _sign_out(db: Database) -> None:
    """End this sign-in; what this session holds goes with it."""
    sign_out_here(db)
    st.session_state.clear()
    st.rerun()
