"""What the web server does when it starts: the first shopper should not wait for it."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.parts.answering import read_ahead, warm_up

#: Python lets a thread that only waits for its turn wait for 5 ms; one answer has a hundred such
#: turns (each step of the embedding is one), and many shoppers are answered at the same time.
SWITCH_S = 0.0005


@asynccontextmanager
async def opening(app: st.App) -> AsyncIterator[None]:
    """Load, beside the first pages, what the first question needs: seconds on an idle machine."""
    sys.setswitchinterval(SWITCH_S)
    warming = asyncio.create_task(asyncio.to_thread(_prepare))
    yield
    warming.cancel()


def _prepare() -> None:
    """Warm up; what was loaded then stays for good and is not looked through for garbage again.

    Each look through all of it stops every thread for half a second: while a shop is opened
    that happened five times, and later to whoever asked just then.
    """
    gc.disable()
    try:
        warm_up()
        read_ahead()
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
