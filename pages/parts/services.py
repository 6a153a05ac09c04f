"""Our processes, for a page that was started without ``make run``."""

from __future__ import annotations

import streamlit as st

from core import services
from pages.parts.entry import open_settings


@st.cache_resource(show_spinner="Opening the shop…")
def started() -> bool:
    """Start what is missing, once for this process; true when that was done."""
    services.ensure(open_settings(), services.BEHIND_PAGE)
    return True
