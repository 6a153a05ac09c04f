"""What happens by itself: schedules with their last and next runs."""

from __future__ import annotations

import streamlit as st

from batch import schedule_runs, schedules
from pages.parts import schedule_card, schedule_form
from pages.parts.entry import Shop, enter
from pages.parts.schedule_card import EDITING
from pages.parts.trouble import boxed


def main() -> None:
    """Draw the page."""
    shop = enter("pages/schedules.py")
    st.title("Schedules", anchor=False)
    st.caption(
        "Catalogs are taken, and results delivered, by themselves: also while nobody is here."
    )
    schedule_card.confirm_what_was_asked(shop)
    if EDITING in st.session_state:
        schedule_form.draw(shop)
        return
    st.button(
        "New schedule",
        key="new-schedule",
        type="primary",
        icon=":material/add:",
        on_click=lambda: st.session_state.update({EDITING: None}),
    )
    _cards(shop)


@st.fragment(run_every="2s")
def _cards(shop: Shop) -> None:
    with boxed():
        found = schedules.listing(shop.db)
        if not found:
            _empty()
            return
        newest = schedule_runs.latest(shop.db)
        names = schedule_form.destination_names(shop)
        for one in found:
            schedule_card.card(shop, one, newest.get(one.id), names)


def _empty() -> None:
    """What a schedule is, and what one may look like."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### Nothing happens by itself yet", text_alignment="center")
        st.markdown(
            "A schedule does what you would do every day: *every night at 02:00 take this CSV, "
            "extract what has changed, deliver it.* Or it watches a folder or an address, and "
            "starts when a new catalog comes; or it delivers whenever a job has ended or was "
            "reviewed.",
            text_alignment="center",
        )
        st.caption(
            "Run one job by hand first: a schedule then extracts the same way.",
            text_alignment="center",
        )
        st.page_link("pages/upload.py", label="Start with a catalog", icon=":material/upload_file:")


main()
