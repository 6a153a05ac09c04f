"""What was found for a question, drawn before any words: conditions, cards, policies, a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.facts import Filter
from pages.parts.asking import Asked, ask
from pages.parts.chips import chips, chips_html
from pages.parts.comparison import comparison_html
from pages.parts.entry import Shop
from pages.parts.escape import html
from pages.parts.sources import sources_html
from rag.exchange import Details, Passage
from rag.messages import Message


def findings(
    shop: Shop,
    message_id: str,
    question: Message,
    passages: Sequence[Passage],
    details: Details,
    *,
    last: bool,
) -> None:
    """Draw it; of the last question, conditions can be taken away."""

    def ask_without(removed: tuple[Filter, ...]) -> None:
        ask(Asked(question.text, again=True, removed=removed))

    if last:
        chips(question.id, details.queries, question.removed, ask_without)
    elif drawn := chips_html(details.queries, question.removed):
        st.html(drawn)
    if passages:
        st.html(
            sources_html(
                passages,
                question.text,
                message_id=message_id,
                near=details.near,
                hosts=shop.settings.picture_hosts,
            )
        )
    if details.comparison:
        st.html(comparison_html(details.comparison, passages, message_id))


def notice_html(notice: str) -> str:
    """What does not work just now; it stands under the words, where nothing else moves for it."""
    return f'<p class="sk-notice" role="status" dir="auto">{html(notice)}</p>'
