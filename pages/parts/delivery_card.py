"""A delivery as a card: what went where, how far it is, what was not taken, what can be done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import deliveries, delivery_control
from batch.deliveries import FAILURES_SHOWN, Delivery
from batch.delivery_failures import failures_csv
from core.db import Database
from core.errors import ShopkeeperError
from core.statuses import DeliveryStatus
from pages.parts import words
from pages.parts.destination_acts import DESTINATION
from pages.parts.destination_words import CHOICES, counts, state
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.job_card import JOB
from pages.parts.telling import tell

#: A button's label, name and icon, and what it does.
Act = tuple[str, str, str, Callable[[Database, str], None]]


def draw(shop: Shop, one: Delivery, *, names_job: bool = True) -> None:
    """Draw a delivery.

    Args:
        names_job: Whether it says what was sent; else, where to.
    """
    with st.container(border=True, key=f"delivery-{one.id}", gap="small"):
        _head(one, names_job=names_job)
        if one.reason and one.active:
            st.warning(plain(one.reason), icon=":material/hourglass_top:")
        elif one.reason:
            st.error(plain(one.reason), icon=":material/error:")
        if one.active or one.status in (DeliveryStatus.PAUSED, DeliveryStatus.FAILED):
            st.progress(one.share)
        st.markdown(plain(counts(one)))
        if one.failed:
            _failures(shop, one)
        _actions(shop, one)


def _head(one: Delivery, *, names_job: bool) -> None:
    now, where = time.time(), words.zone(st.context.timezone)
    shown = state(one)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _link(one, names_job=names_job)
        st.badge(shown.word, icon=shown.icon, color=shown.color)
        parts = [CHOICES[one.choice].lower(), one.cause, words.moment(one.created_at, now, where)]
        if one.started_at and one.finished_at and one.run == 1:
            parts.append(f"took {words.took(one.finished_at - one.started_at)}")
        st.caption(plain(" · ".join(part for part in parts if part)))


def _link(one: Delivery, *, names_job: bool) -> None:
    """What was sent, or where to: a way to it."""
    name, page, query = one.destination, "destinations", {DESTINATION: one.destination_id}
    icon = ":material/outbound:"
    if names_job:
        name, page, query = one.job, "jobs", {JOB: one.job_id}
        icon = ":material/list_alt:"
    st.page_link(f"pages/{page}.py", label=f"**{plain(name)}**", icon=icon, query_params=query)


def _failures(shop: Shop, one: Delivery) -> None:
    with st.expander(f"{words.several(one.failed, 'row')} not taken, and why"):
        found = deliveries.failures(shop.db, one.id)
        table = pd.DataFrame(
            [
                {"Row": failure.row_no, "Product": failure.product_id, "Why": failure.reason}
                for failure in found
            ]
        )
        st.dataframe(table, hide_index=True, key=f"failures-{one.id}-{one.run}")
        if one.failed > len(found):
            st.caption(f"The first {FAILURES_SHOWN} are shown; the file has all of them.")
        st.download_button(
            "Download as CSV",
            lambda: failures_csv(shop.db, one.id),
            file_name=f"not-taken-{one.id}.csv",
            mime="text/csv",
            key=f"failures-file-{one.id}",
            icon=":material/download:",
            on_click="ignore",
        )


def _actions(shop: Shop, one: Delivery) -> None:
    possible = list(_possible(one))
    if not possible:
        return
    with st.container(horizontal=True, gap="small"):
        for label, name, icon, act in possible:
            if st.button(label, key=f"{name}-{one.id}", icon=icon):
                try:
                    act(shop.db, one.id)
                except ShopkeeperError as error:
                    tell(error.message, problem=True)
                st.rerun()


def _possible(one: Delivery) -> Iterator[Act]:
    if one.active and one.reason:
        yield "Try now", "now", ":material/replay:", delivery_control.try_now
    if one.active:
        yield "Pause", "pause", ":material/pause:", delivery_control.pause
    if one.status in (DeliveryStatus.PAUSED, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED):
        yield "Go on", "resume", ":material/play_arrow:", delivery_control.resume
    if one.active or one.status is DeliveryStatus.PAUSED:
        yield "Cancel", "cancel", ":material/close:", delivery_control.cancel
    if one.status is DeliveryStatus.DONE and one.failed:
        label = f"Send {words.several(one.failed, 'row')} again"
        yield label, "again", ":material/replay:", delivery_control.retry_failed
