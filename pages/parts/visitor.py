"""Who is in front of the screen: an id kept in the browser, so that F5 changes nothing.

Not a sign-in. The id is all that opens a visitor's conversations, so it is
long, random and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import uuid4

import streamlit as st

COOKIE = "shopkeeper_visitor"
_YEAR_S = 365 * 24 * 3600
_VALID = re.compile(r"[0-9a-f]{32}")
_SET_COOKIE = f"""
export default function ({{ data }}) {{
  if (/^[0-9a-f]{{32}}$/.test(data)) {{
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie =
      `{COOKIE}=${{data}}; Max-Age={_YEAR_S}; Path=/; SameSite=Lax${{secure}}`;
  }}
}}
"""


def visitor_id() -> str:
    """This browser's id: from this session, else from its cookie, else a new one.

    Streamlit sees the cookies of the moment the session began, hence the session first.
    """
    if "visitor" not in st.session_state:
        st.session_state["visitor"] = visitor_of({COOKIE: _cookie()}) or uuid4().hex
    return str(st.session_state["visitor"])


def visitor_of(cookies: Mapping[str, str]) -> str:
    """Whose request it is, by its cookies; empty where they name nobody."""
    kept = cookies.get(COOKIE, "")
    return kept if _VALID.fullmatch(kept) else ""


def address() -> str | None:
    """Where the browser is, as a trusted proxy says or as it came; None on this machine."""
    return st.context.ip_address


def remember_visitor() -> None:
    """Keep the id in the browser for a year; draws nothing, and nothing once it is kept."""
    if _cookie() != visitor_id():
        keep = st.components.v2.component("shopkeeper_visitor", js=_SET_COOKIE)
        keep(key="keep-visitor", data=visitor_id(), width=1, height=1)


def _cookie() -> str:
    return st.context.cookies.get(COOKIE) or ""
