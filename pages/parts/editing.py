"""The last question, to be read or to be written anew where it stands."""

from __future__ import annotations

import streamlit as st

from pages.parts.asking import Asked, ask
from pages.parts.escape import html
from rag.messages import Message

_EDITING = "editing_question"


def question(text: str) -> None:
    """Draw a question."""
    st.html(_bubble(text))


def _bubble(text: str) -> str:
    return f'<div class="sk-question"><p dir="auto">{html(text)}</p></div>'


def last_question(message: Message) -> None:
    """Draw the last question, which can be changed."""
    if st.session_state.get(_EDITING) == message.id:
        _form(message)
        return
    with st.container(
        key=f"question-{message.id}", horizontal=True, horizontal_alignment="right", gap="xsmall"
    ):
        st.button(
            "Edit",
            key=f"edit-{message.id}",
            icon=":material/edit:",
            type="tertiary",
            help="Change this question; the conversation before it stays",
            on_click=_begin,
            args=(message.id,),
        )
        st.html(_bubble(message.text), width="content")


def _form(message: Message) -> None:
    with st.form(f"editing-{message.id}", border=False):
        st.text_area(
            "Change your question",
            message.text,
            key=_text_key(message),
            height="content",
            max_chars=10_000,
        )
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            st.form_submit_button("Cancel", key="change-cancel", on_click=_end)
            st.form_submit_button(
                "Ask this instead",
                key="change-ask",
                type="primary",
                on_click=_ask_instead,
                args=(message,),
            )


def _text_key(message: Message) -> str:
    return f"edited-{message.id}"


def _begin(message_id: str) -> None:
    st.session_state[_EDITING] = message_id


def _end() -> None:
    st.session_state.pop(_EDITING, None)


def _ask_instead(message: Message) -> None:
    text = str(st.session_state.get(_text_key(message), "")).strip()
    _end()
    if text:
        ask(Asked(text, again=True))
