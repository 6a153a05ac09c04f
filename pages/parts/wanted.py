"""Where somebody was going when they had to sign in: kept in their browser for some minutes."""

from __future__ import annotations

import re
from urllib.parse import unquote

import streamlit as st

from pages.parts.base_path import under_base
from pages.parts.rooms import ROOMS, address

COOKIE = "shopkeeper_wanted"
_MINUTES_S = 900
_SAFE_QUERY = re.compile(r"[\w%=&+.~-]{0,500}")
_SET_COOKIE = f"""
export default function ({{ data }}) {{
  document.cookie =
    `{COOKIE}=${{encodeURIComponent(data)}}; Max-Age={_MINUTES_S}; Path=/; SameSite=Lax`;
}}
"""


def keep_wanted(wanted: str) -> None:
    """Keep it where a sign-in goes by way of a provider; draws nothing."""
    keep = st.components.v2.component("shopkeeper_wanted", js=_SET_COOKIE)
    keep(key="keep-wanted", data=wanted, width=1, height=1)


def kept_wanted(cookie: str) -> str:
    """What a browser has kept."""
    return unquote(cookie)


def way_back(wanted: str) -> str:
    """Where to go after signing in: a page of ours, whatever was asked for."""
    page, _, query = wanted.partition("?")
    if page not in {address(one) for one in ROOMS} or not _SAFE_QUERY.fullmatch(query):
        return under_base("")
    return under_base(f"{page}?{query}" if query else page)
