"""Reading rows again: which ones, by which model, and with how much room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from batch.allowance import largest_budget
from batch.jobs import Job
from batch.retry import Way
from core.errors import SettingError, ShopkeeperError
from core.roster import configured
from core.settings import Settings
from core.statuses import Lane
from pages.parts.entry import Shop
from pages.parts.telling import tell

_ANY = "Any that serves jobs"
_ROOM = {"As usual": 1.0, "Twice": 2.0, "Four times": 4.0, "Eight times": 8.0}


def offer(shop: Shop, job: Job, label: str, read_again: Callable[[Way], object], key: str) -> None:
    """Draw the button and, beside it, how the rows are to be read this time."""
    if job.active:
        st.caption("Rows can be read again once the job has ended or is paused.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        button = st.container(width="content")
        way = _way(shop, job, key)
        with button:
            pressed = st.button(label, key=f"again-{key}-{job.id}", icon=":material/replay:")
    if pressed:
        try:
            read_again(bounded(shop, way))
        except ShopkeeperError as error:
            tell(error.message, problem=True)
        st.rerun()


def bounded(shop: Shop, way: Way) -> Way:
    """The same way, with what a job may cost that whoever is here has read again.

    Raises:
        ShopkeeperError: No budget can be kept, or the endpoints are misconfigured.
    """
    most = largest_budget(shop.job_limits, configured(shop.settings), way.endpoint)
    return replace(way, most=most)


def _way(shop: Shop, job: Job, key: str) -> Way:
    with st.popover("How", icon=":material/tune:", key=f"how-{key}-{job.id}"):
        endpoint = st.selectbox(
            "Model endpoint", [_ANY, *_endpoints(shop.settings)], key=f"at-{key}-{job.id}"
        )
        room = st.select_slider(
            "Room for each answer",
            list(_ROOM),
            key=f"room-{key}-{job.id}",
            help="Longer answers and more time for each: for answers that were cut off "
            "or did not come in time.",
        )
    return Way(None if endpoint == _ANY else endpoint, _ROOM[room])


def _endpoints(settings: Settings) -> list[str]:
    try:
        found = configured(settings)
    except SettingError:
        return []
    return [one.name for one in found if Lane.BATCH in one.lanes]
