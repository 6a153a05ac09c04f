"""One destination: what was sent there, sending something now, testing and changing it."""

from __future__ import annotations

import streamlit as st

from batch import deliveries, destinations, jobs
from batch.destination_options import DestinationKind
from batch.destinations import Destination
from pages.parts import delivery_card, destination_key, sending
from pages.parts.destination_acts import (
    ask_to_delete,
    ask_to_renew,
    open_destination,
    set_up,
    tell_secret,
    tell_trial,
    try_it,
)
from pages.parts.destination_list import badge
from pages.parts.destination_words import KINDS, where
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trouble import boxed

SHOWN = 10
_SHOWN = "deliveries_shown"


def draw(shop: Shop, destination_id: str) -> None:
    """Draw a destination.

    Raises:
        NotFoundError: It is gone.
    """
    one = destinations.get(shop.db, destination_id)
    st.button(
        "All destinations",
        key="all-destinations",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=open_destination,
        args=(None,),
    )
    _head(shop, one)
    tell_secret(one)
    tell_trial(shop, one)
    # What does not work is there to be changed, without looking for it.
    with st.expander("Change how it is set up", icon=":material/tune:", expanded=bool(one.problem)):
        set_up(shop, one.kind, one)
    _send(shop, one)
    _history(shop, one)


def _head(shop: Shop, one: Destination) -> None:
    with st.container(border=True, key="destination-head", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{KINDS[one.kind][1]} **{plain(one.name)}**")
            badge(one)
        st.caption(f"{KINDS[one.kind][0]} · {plain(where(one.options))}")
        destination_key.line(one)
        with st.container(horizontal=True, gap="small"):
            if st.button("Test", key=f"test-{one.id}", icon=":material/network_check:"):
                try_it(shop, one)
                st.rerun()
            if one.kind is DestinationKind.WEBHOOK:
                st.button(
                    "Renew the signing secret",
                    key="renew-secret",
                    icon=":material/key:",
                    on_click=ask_to_renew,
                    args=(one,),
                )
            st.button(
                "Delete",
                key="delete-destination",
                icon=":material/delete:",
                on_click=ask_to_delete,
                args=(one,),
            )


def _send(shop: Shop, one: Destination) -> None:
    finished = [job for job in jobs.listing(shop.db, limit=50) if job.done and not job.active]
    if not finished:
        st.info("Results can be sent there as soon as a job has finished.", icon=":material/info:")
        return
    with st.container(border=True, key="send-here", gap="small"):
        st.markdown("**Send results there now**")
        names = {job.id: job for job in finished}
        chosen = st.selectbox(
            "Job",
            list(names),
            format_func=lambda job_id: names[job_id].name,
            key="send-job",
            label_visibility="collapsed",
        )
        sending.choose_and_send(shop, names[chosen], one)


def _history(shop: Shop, one: Destination) -> None:
    st.subheader("What was sent there", anchor=False)
    found = deliveries.listing(shop.db, destination_id=one.id, limit=SHOWN)
    if not found:
        st.caption("Nothing yet.")
        return
    moving = any(delivery.active for delivery in found)
    st.fragment(_deliveries, run_every="1s" if moving else None)(shop, one.id, moving)


def _deliveries(shop: Shop, destination_id: str, moved: bool) -> None:
    with boxed():
        shown = int(st.session_state.setdefault(_SHOWN, SHOWN))
        found = deliveries.listing(shop.db, destination_id=destination_id, limit=shown + 1)
        if moved and not any(one.active for one in found):
            st.rerun()
        for one in found[:shown]:
            delivery_card.draw(shop, one)
        if len(found) > shown:
            st.button("Show older ones", key="older-deliveries", on_click=_show_more)


def _show_more() -> None:
    st.session_state[_SHOWN] += SHOWN
