"""The jobs: how far each one is, what can be done about it, what came out."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from batch import jobs, pace
from core.errors import JobError
from pages.parts import trouble
from pages.parts.entry import Shop, enter
from pages.parts.job_card import JOB, card, confirm_what_was_asked
from pages.parts.job_details import details

STYLES = Path(__file__).parent / "parts" / "jobs.css"
#: Cards drawn at first, and more for each press of "Show older jobs".
SHOWN = 10
_SHOWN = "jobs_shown"


def main() -> None:
    """Draw the page."""
    shop = enter("pages/jobs.py")
    st.html(STYLES)
    st.title("Jobs", anchor=False)
    confirm_what_was_asked(shop)
    wanted = st.query_params.get(JOB)
    if wanted:
        _one(shop, wanted)
    else:
        _all(shop)


def _one(shop: Shop, job_id: str) -> None:
    try:
        details(shop, job_id)
    except JobError as error:
        trouble.draw(error)
        st.query_params.pop(JOB, None)
        _all(shop)


def _all(shop: Shop) -> None:
    st.caption("Details are found in the background, also while this page is closed.")
    _cards(shop)


@st.fragment(run_every="1s")
def _cards(shop: Shop) -> None:
    with trouble.boxed():
        shown = int(st.session_state.setdefault(_SHOWN, SHOWN))
        found = jobs.listing(shop.db, limit=shown + 1)
        if not found:
            _empty()
        for job in found[:shown]:
            samples = pace.history(shop.db, job.id) if job.started_at else []
            card(shop, job, samples)
        if len(found) > shown:
            st.button("Show older jobs", key="older", on_click=_show_more)


def _show_more() -> None:
    st.session_state[_SHOWN] += SHOWN


def _empty() -> None:
    """What a job is, and the way to the first one."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### No jobs yet", text_alignment="center")
        st.markdown(
            "A job reads every product of a catalog and fills in new columns: brand, color, "
            "size, whatever you ask for. Try it with the sample catalog; it takes a few clicks.",
            text_alignment="center",
        )
        st.page_link("pages/upload.py", label="Start with a catalog", icon=":material/upload_file:")


main()
