"""Errors as the person in front of the screen should see them: a box, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import CatalogError, ModelError, NotFoundError, ServiceError, ShopkeeperError
from pages.parts.escape import plain

log = logging.getLogger(__name__)

_HEADLINES: tuple[tuple[type[ShopkeeperError], str], ...] = (
    (ServiceError, "A part of the shop is not running."),
    (ModelError, "The model gave no answer."),
    (NotFoundError, "That is no longer here."),
    (CatalogError, "This file cannot be used as it is."),
)


@contextmanager
def boxed() -> Iterator[None]:
    """Draw what goes wrong inside as a box; used around every page and every fragment."""
    try:
        yield
    except ShopkeeperError as error:
        log.warning("%s: %s", type(error).__name__, error)
        draw(error)
    except Exception:
        # The page's outermost edge: logged in full, told in short.
        log.exception("A page failed")
        st.error(
            "Something went wrong on our side. Nothing you saved is lost; "
            "please reload the page. The log says more.",
            icon=":material/error:",
        )


def draw(error: ShopkeeperError) -> None:
    """One of our errors: what kind of thing happened, then its message."""
    st.error(f"{_headline(error)}{plain(error.message)}", icon=":material/error:")


def _headline(error: ShopkeeperError) -> str:
    for kind, words in _HEADLINES:
        if isinstance(error, kind):
            return f"**{words}** "
    return ""
