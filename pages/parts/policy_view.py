"""One policy document as the chat sees it: section by section, with what can be done to it."""

from __future__ import annotations

from itertools import groupby
from math import ceil

import streamlit as st

from core.errors import CatalogError, ShopkeeperError
from pages.parts import policy_changes, policy_entry, trouble
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.policy_list import facts, open_document, state
from rag import document_changes, documents, reading
from rag.chunking import Chunk, split
from rag.documents import Document

#: Passages on a page: a long document has hundreds.
PAGE = 40
_EDITED = "policy_edited"
_REPLACED = "policy_replaced"


def draw(shop: Shop, name: str) -> None:
    """Draw a document.

    Raises:
        NotFoundError: There is no such document.
    """
    one = document_changes.get(shop.db, name)
    st.button(
        "All policies",
        key="all-policies",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=open_document,
        args=(None,),
    )
    policy_changes.tell_what_was_done(shop)
    st.subheader(plain(one.title), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(facts(one)))
        state(one)
    if st.session_state.get(_EDITED) == name:
        _edit(shop, one)
        return
    _acts(shop, one)
    _sections(one)


def _acts(shop: Shop, one: Document) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Edit",
            key="edit-policy",
            icon=":material/edit:",
            on_click=lambda: st.session_state.update({_EDITED: one.name}),
        )
        with st.popover("Replace…", icon=":material/upload_file:", key="replace-policy"):
            _replace(shop, one)
        st.download_button(
            "Download text",
            one.text,
            f"{one.name}.md",
            "text/markdown",
            key="download-policy",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(
            "Delete…",
            key="delete-policy",
            icon=":material/delete:",
            on_click=policy_changes.ask_to_delete,
            args=(one,),
        )


def _replace(shop: Shop, one: Document) -> None:
    upload_round = st.session_state.setdefault(_REPLACED, 0)
    file = st.file_uploader(
        "The file to take its place",
        type=sorted(reading.SUFFIXES),
        max_upload_size=policy_entry.LIMIT_MB,
        key=f"replace-{one.name}-{upload_round}",
    )
    if file is None:
        return
    items, refused = policy_entry.read_all(shop, [file])
    for message in refused:
        st.error(plain(message), icon=":material/error:")
    if items:
        st.session_state[_REPLACED] += 1
        _put(shop, one, items[0])


def _edit(shop: Shop, one: Document) -> None:
    with st.form("edit-policy-form", border=False):
        text = st.text_area(
            "Text (Markdown)",
            one.text,
            key=f"text-{one.name}-{one.version}",
            height=480,
            max_chars=reading.LIMIT_CHARS,
            help="The title stands after #, the heading of a section after ##.",
        )
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", key="save-edited")
            left = st.form_submit_button("Cancel", key="leave-edited")
    if left:
        del st.session_state[_EDITED]
        st.rerun()
    if saved:
        try:
            item = documents.written(one.title, text, one.file_name)
        except CatalogError as error:
            trouble.draw(error)
            return
        del st.session_state[_EDITED]
        _put(shop, one, item)


def _put(shop: Shop, one: Document, item: Document) -> None:
    try:
        policy_changes.note([document_changes.change_text(shop.db, one, item)])
    except ShopkeeperError as error:
        trouble.draw(error)
        return
    st.rerun()


def _sections(one: Document) -> None:
    st.caption("This is how the chat sees it: it finds and shows these passages one by one.")
    chunks = split(one.name, one.text)
    pages = ceil(len(chunks) / PAGE)
    number = st.pagination(pages, key=f"passages-{one.name}") if pages > 1 else 1
    shown = chunks[(number - 1) * PAGE : number * PAGE]
    for heading, passages in groupby(shown, key=lambda chunk: chunk.heading):
        _section(heading, list(passages))


def _section(heading: str, passages: list[Chunk]) -> None:
    if heading:
        st.markdown(f"**{plain(heading.replace(' > ', ' › '))}**")
    for passage in passages:
        with st.container(border=True):
            st.markdown(plain(passage.text).replace("\n", "  \n"))
