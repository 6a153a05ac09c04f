"""Sending a job's results to a destination: which rows, and the button that does it."""

from __future__ import annotations

import secrets

import streamlit as st

from batch import deliveries
from batch.choice import Choice, counts
from batch.destinations import Destination
from batch.jobs import Job
from core.errors import ShopkeeperError
from pages.parts import words
from pages.parts.destination_words import CHOICES_OF
from pages.parts.entry import Shop
from pages.parts.telling import tell

_KEY = "sending_key"


def choose_and_send(shop: Shop, job: Job, to: Destination) -> None:
    """Draw the choice of rows and the button; what is sent is told of, and drawn by the page."""
    choices = CHOICES_OF[to.kind]
    chosen = st.segmented_control(
        "Which rows",
        list(choices),
        default=Choice.DONE,
        required=True,
        format_func=choices.__getitem__,
        key=f"send-rows-{job.id}-{to.id}",
    )
    assert chosen is not None
    count = counts(shop.db, job)[chosen]
    pressed = st.button(
        f"Send {words.several(count, 'row')}",
        key=f"send-{job.id}-{to.id}",
        type="primary",
        icon=":material/send:",
        disabled=not count,
        help=None if count else "This job has no such rows.",
    )
    if pressed:
        _send(shop, job, to, chosen)


def _send(shop: Shop, job: Job, to: Destination, choice: Choice) -> None:
    # Pressed twice, it is sent once: the key changes only when the page has been drawn anew.
    key = st.session_state.setdefault(_KEY, secrets.token_hex(8))
    try:
        cause = f"by {shop.person.name}" if shop.person.name else "by hand"
        deliveries.submit(shop.db, to.id, job.id, choice, cause=cause, request_key=f"page-{key}")
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    else:
        tell(f"“{job.name}” is on its way to “{to.name}”.")
    st.session_state.pop(_KEY, None)
    st.rerun()
