"""The sidebar of the chat: earlier conversations by day, new ones, deletion."""

from __future__ import annotations

import time
from itertools import groupby

import streamlit as st

from core.errors import NotFoundError
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.telling import tell
from rag import conversations
from rag.conversations import Conversation

PARAMETER = "c"
_TITLE_CHARS = 30


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
        now, where = time.time(), words.zone(st.context.timezone)
        found = conversations.listing(shop.db, shop.visitor)
        for day, group in groupby(found, key=lambda one: words.day(one.updated_at, now, where)):
            st.caption(day)
            with st.container(gap=None):
                for conversation in group:
                    _row(shop, conversation, conversation.id == current)


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
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it", key="keep-conversation"):
            st.rerun()
        if st.button(
            "Delete",
            key="confirm-delete",
            type="primary",
            icon=":material/delete:",
            on_click=_delete,
            args=(shop, conversation.id),
        ):
            st.rerun()


def _delete(shop: Shop, conversation_id: str) -> None:
    try:
        conversations.delete(shop.db, conversation_id, shop.visitor)
    except NotFoundError as error:
        tell(error.message, problem=True)
    open_conversation(None)
