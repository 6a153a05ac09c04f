"""A finished job's way to a destination, and what was sent from it."""

from __future__ import annotations

import streamlit as st

from batch import deliveries, destinations
from batch.jobs import Job
from pages.parts import delivery_card, sending
from pages.parts.destination_words import KINDS
from pages.parts.entry import Shop
from pages.parts.trouble import boxed

#: Of what was sent from it.
SHOWN = 3


def draw(shop: Shop, job: Job) -> None:
    """Draw the control, and the last deliveries of the job."""
    if not job.done or job.active:
        return
    with st.popover("Send to…", icon=":material/send:", key=f"send-to-{job.id}"):
        _choose(shop, job)
    found = deliveries.listing(shop.db, job_id=job.id, limit=SHOWN)
    if found:
        moving = any(one.active for one in found)
        st.fragment(_sent, run_every="1s" if moving else None)(shop, job.id, moving)


def _choose(shop: Shop, job: Job) -> None:
    found = {one.id: one for one in destinations.listing(shop.db)}
    if not found:
        st.markdown("Set up once where results go: your database, your web shop, a folder.")
        st.page_link(
            "pages/destinations.py", label="Set up a destination", icon=":material/outbound:"
        )
        return
    chosen = st.selectbox(
        "Destination",
        list(found),
        format_func=lambda one: f"{found[one].name} ({KINDS[found[one].kind][0]})",
        key=f"send-where-{job.id}",
    )
    sending.choose_and_send(shop, job, found[chosen])


def _sent(shop: Shop, job_id: str, moved: bool) -> None:
    with boxed():
        found = deliveries.listing(shop.db, job_id=job_id, limit=SHOWN)
        if moved and not any(one.active for one in found):
            st.rerun()
        for one in found:
            delivery_card.draw(shop, one, names_job=False)
