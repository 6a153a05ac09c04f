"""Our processes, for a page that was started without ``make run``."""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from core import services
from pages.parts.entry import open_settings

#: Takes seconds to import; the first visitor should see why the page is not there yet.
_SLOW_MODULE = "rag.chain"


@st.cache_resource(show_spinner="Opening the shop…")
def started() -> bool:
    """Start what is missing and load the code, once for this process; true when that was done."""
    services.ensure(open_settings(), services.BEHIND_PAGE)
    import_module(_SLOW_MODULE)
    return True
