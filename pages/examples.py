"""The examples that the model learns from: which there are, and which it is shown."""

from __future__ import annotations

import streamlit as st

from pages.parts import example_counts, example_list
from pages.parts.entry import Shop, enter


def main() -> None:
    """Draw the page."""
    shop = enter("pages/examples.py")
    st.title("Examples", anchor=False)
    st.caption(
        "Every result that you approve becomes an example. With each row the model sees the "
        "examples most like it, and makes fewer mistakes."
    )
    _draw(shop)


def _draw(shop: Shop) -> None:
    example_list.confirm_what_was_asked(shop)
    if example_counts.draw(shop):
        example_list.draw(shop)
    else:
        _empty()


def _empty() -> None:
    """How examples come about, and the way to them."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### No examples yet", text_alignment="center")
        st.markdown(
            "Look through the results of a job, correct what is wrong and approve what is right. "
            "The next job learns from it, and what you approved stays as you approved it.",
            text_alignment="center",
        )
        st.page_link("pages/jobs.py", label="To the jobs", icon=":material/list_alt:")


main()
