"""All destinations: where each is, whether it works, what went there last; and a new one."""

from __future__ import annotations

import time

import streamlit as st

from batch import deliveries, destinations
from batch.deliveries import Delivery
from batch.destination_options import DestinationKind
from batch.destinations import Destination
from pages.parts import words
from pages.parts.destination_acts import ADDING, open_destination, set_up, tell_trial, try_it
from pages.parts.destination_words import KINDS, counts, state, where
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trouble import boxed


def draw(shop: Shop) -> None:
    """Draw the list, and the form of a new one where it was asked for."""
    found = destinations.listing(shop.db)
    if st.session_state.get(ADDING):
        _add(shop)
        return
    if not found:
        _empty()
        return
    st.button(
        "Add a destination",
        key="add-destination",
        icon=":material/add:",
        type="primary",
        on_click=_start_adding,
    )
    moving = any(one.active for one in deliveries.latest(shop.db).values())
    st.fragment(_cards, run_every="1s" if moving else None)(shop, moving)


def _start_adding() -> None:
    st.session_state[ADDING] = True


def _stop_adding() -> None:
    st.session_state.pop(ADDING, None)


def _add(shop: Shop) -> None:
    with st.container(border=True, key="new-destination"):
        st.subheader("A new destination", anchor=False)
        kind = st.segmented_control(
            "What is it?",
            list(DestinationKind),
            default=DestinationKind.SQL,
            required=True,
            format_func=lambda one: f"{KINDS[one][1]} {KINDS[one][0]}",
            key="new-kind",
        )
        assert kind is not None
        st.caption(KINDS[kind][2])
        set_up(shop, kind, None)
        st.button("Cancel", key="leave-adding", type="tertiary", on_click=_stop_adding)


def _cards(shop: Shop, moved: bool) -> None:
    with boxed():
        latest = deliveries.latest(shop.db)
        if moved and not any(one.active for one in latest.values()):
            st.rerun()
        for one in destinations.listing(shop.db):
            _card(shop, one, latest.get(one.id))


def _card(shop: Shop, one: Destination, last: Delivery | None) -> None:
    with st.container(border=True, key=f"destination-{one.id}", gap="xxsmall"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            opened = st.button(
                f"**{plain(one.name)}**",
                key=f"open-{one.id}",
                icon=KINDS[one.kind][1],
                type="tertiary",
            )
            badge(one)
        st.caption(f"{KINDS[one.kind][0]} · {plain(where(one.options))}")
        _last(last)
        tell_trial(shop, one)
        tested = st.button("Test", key=f"test-{one.id}", icon=":material/network_check:")
    # Not by callbacks: from a fragment, those draw nothing but the fragment anew.
    if opened:
        open_destination(one.id)
        st.rerun()
    if tested:
        try_it(shop, one)
        st.rerun()


def badge(one: Destination) -> None:
    """Draw whether a destination works."""
    if one.problem is None:
        st.badge("Not tested yet", icon=":material/help:", color="gray")
    elif one.problem:
        st.badge("Does not work", icon=":material/error:", color="red")
    else:
        st.badge("Works", icon=":material/check_circle:", color="green")


def _last(last: Delivery | None) -> None:
    if last is None:
        st.caption("Nothing was sent there yet.")
        return
    now, zone = time.time(), words.zone(st.context.timezone)
    shown = state(last)
    when = words.moment(last.created_at, now, zone)
    st.markdown(f"{shown.icon} {shown.word} · {plain(last.job)} · {when} · {plain(counts(last))}")


def _empty() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### No destinations yet", text_alignment="center")
        st.markdown(
            "Results are worth most where your shop lives. Set up once where they go: a table of "
            "your database, a webhook of your web shop, a file in a folder or on S3. Then send a "
            "finished job there with one click, or have it sent by itself.",
            text_alignment="center",
        )
        st.button(
            "Set up the first one",
            key="add-destination",
            icon=":material/add:",
            type="primary",
            on_click=_start_adding,
        )
