"""What shoppers ask: what the shop could not answer, and what it has to answer rightly."""

from __future__ import annotations

import streamlit as st

from pages.parts import check_questions, unanswered
from pages.parts.entry import enter

_VIEW = "questions_view"


def main() -> None:
    """Draw the page."""
    shop = enter("pages/questions.py")
    st.title("Questions", anchor=False)
    st.caption(
        "What shoppers asked and the shop could not answer: what to find out, write or stock next. "
        "And the questions that it must always answer rightly."
    )
    views = {"Unanswered": unanswered.draw, check_questions.VIEW: check_questions.draw}
    if st.session_state.pop(check_questions.WANTED, False):
        st.session_state[_VIEW] = check_questions.VIEW
    view = st.segmented_control(
        "Show",
        list(views),
        default="Unanswered" if _VIEW not in st.session_state else None,
        required=True,
        key=_VIEW,
        label_visibility="collapsed",
    )
    views[view or "Unanswered"](shop)


main()
