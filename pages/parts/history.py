"""The sidebar of the chat: earlier conversations by day, new ones, deletion."""

from __future__ import annotations

import time
from itertools import groupby

import streamlit as st

from core.errors import NotFoundError
from pages.parts import question, words
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.telling import tell
from rag import conversations
from rag.conversations import Conversation

PARAMETER = "c"
_TITLE_CHARS = 30
#: From so many conversations on, one is found by words rather than by eye.
_LONG = 12
#: Each costs time whenever the page is drawn, and so before the cards of an answer.
_SHOWN_FIRST = 30
_SHOWN = "conversations_shown"


def open_conversation(conversation_id: str | None) -> None:
    """Put a conversation, or a new one, into the address; F5 then keeps it."""
    if conversation_id:
        st.query_params[PARAMETER] = conversation_id
    else:
        st.query_params.pop(PARAMETER, None)


def sidebar(shop: Shop, current: str | None) -> None:
    """Draw the conversations of this visitor."""
    with st.sidebar:
        st.button(
            "New chat",
            icon=":material/add:",
            width="stretch",
            key="new-chat",
            on_click=open_conversation,
            args=(None,),
        )
        most = int(st.session_state.get(_SHOWN, _SHOWN_FIRST))
        found = conversations.listing(shop.db, shop.visitor, limit=most + 1)
        more = len(found) > most
        if len(found) >= _LONG:
            found = _search(shop, found[:most])
        now, where = time.time(), words.zone(st.context.timezone)
        for day, group in groupby(found, key=lambda one: words.day(one.updated_at, now, where)):
            st.caption(day)
            with st.container(gap=None):
                for conversation in group:
                    _row(shop, conversation, conversation.id == current)
        if more:
            st.button(
                "Show earlier ones",
                key="show-earlier",
                icon=":material/expand_more:",
                type="tertiary",
                on_click=_show_more,
                args=(most,),
            )
        if found and st.button(
            "Delete all",
            key="delete-all",
            icon=":material/delete_sweep:",
            type="tertiary",
            help="Delete all of your conversations",
        ):
            _confirm_all(shop)


def _show_more(most: int) -> None:
    st.session_state[_SHOWN] = most + 3 * _SHOWN_FIRST


def _search(shop: Shop, all_of_them: list[Conversation]) -> list[Conversation]:
    """A field to find conversations by what was said in them."""
    wanted = st.text_input(
        "Find a conversation",
        key="find-conversation",
        placeholder="Find a conversation",
        icon=":material/search:",
        label_visibility="collapsed",
        max_chars=100,
    )
    if not wanted.strip():
        return all_of_them
    found = conversations.listing(shop.db, shop.visitor, words=wanted)
    if not found:
        st.caption("Nothing like that was said.")
    return found


def _row(shop: Shop, conversation: Conversation, current: bool) -> None:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        title = plain(one_line(conversation.title or "Untitled", _TITLE_CHARS))
        st.button(
            f"**{title}**" if current else title,
            key=f"open-{conversation.id}",
            type="tertiary",
            on_click=open_conversation,
            args=(conversation.id,),
        )
        if current and st.button(
            "",
            key=f"delete-{conversation.id}",
            icon=":material/delete:",
            type="tertiary",
            help="Delete this conversation",
        ):
            _confirm(shop, conversation)


@st.dialog("Delete this conversation?")
def _confirm(shop: Shop, conversation: Conversation) -> None:
    st.markdown(f"“{plain(conversation.title)}” and its answers will be gone for good.")
    icon = ":material/delete:"
    question.answers("conversation", "Delete", _delete, shop, conversation.id, icon=icon)


def _delete(shop: Shop, conversation_id: str) -> None:
    try:
        conversations.delete(shop.db, conversation_id, shop.visitor)
    except NotFoundError as error:
        tell(error.message, problem=True)
    open_conversation(None)


@st.dialog("Delete all of your conversations?")
def _confirm_all(shop: Shop) -> None:
    st.markdown("Everything that you asked here, and all answers, will be gone for good.")
    icon = ":material/delete_sweep:"
    question.answers("all", "Delete all", _delete_all, shop, leave="Keep them", icon=icon)


def _delete_all(shop: Shop) -> None:
    count = conversations.delete_all(shop.db, shop.visitor)
    tell(f"{words.several(count, 'conversation')} deleted")
    open_conversation(None)
