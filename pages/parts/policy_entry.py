"""The ways in for policy documents: files, several at once, or a text that is written here."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import CatalogError
from pages.parts import policy_changes
from pages.parts.arrivals import arrived
from pages.parts.entry import Shop
from pages.parts.escape import plain
from rag import document_changes, documents, reading
from rag.documents import Document

#: A title that another page has asked for, to be written here.
TO_WRITE = "policy_to_write"
LIMIT_MB = reading.LIMIT_BYTES // 1_000_000
LONGEST_TITLE = 120
_ROUND = "policies_round"
_WRITING = "policy_being_written"
_REFUSED = "policies_refused"
_TEXT_HELP = "Begin a section with ## and its heading. Sections are found one by one."


def draw(shop: Shop) -> None:
    """Draw the uploader and the way to write one."""
    upload_round = st.session_state.setdefault(_ROUND, 0)
    files = st.file_uploader(
        "Policy documents",
        type=sorted(reading.SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=LIMIT_MB,
        key=f"policies-{upload_round}",
        help=f"{reading.FORMATS}. A file that you upload again replaces its document.",
    )
    st.caption(f"Up to {LIMIT_MB} MB each.")
    if files:
        _take(shop, files)
    _tell_refused()
    _write(shop)


def _take(shop: Shop, files: Sequence[UploadedFile]) -> None:
    items, refused = read_all(shop, files)
    # In a new round the uploader is empty: the same file may be chosen again.
    st.session_state[_ROUND] += 1
    st.session_state[_REFUSED] = refused
    if items:
        policy_changes.note(document_changes.add(shop.db, items), unchanged=len(items))
    st.rerun()


def read_all(shop: Shop, files: Sequence[UploadedFile]) -> tuple[list[Document], list[str]]:
    """The documents among some files, and why others are none."""
    bar = st.progress(0.0, text="Reading…")
    items, refused = [], []
    for at, file in enumerate(files):
        bar.progress(at / len(files), text=f"Reading {plain(file.name)} ({at + 1} of {len(files)})")
        try:
            with arrived(shop.settings, file) as data:
                items.append(documents.document(file.name, data.read()))
        except CatalogError as error:
            refused.append(error.message)
    bar.empty()
    return items, refused


def _tell_refused() -> None:
    refused = st.session_state.get(_REFUSED)
    if not refused:
        return
    with st.container(border=True, gap="small"):
        for message in refused:
            st.error(plain(message), icon=":material/error:")
        st.caption("What could be read was taken in; nothing that was there before is lost.")
        st.button("Understood", key="refused-seen", on_click=lambda: st.session_state.pop(_REFUSED))


def _write(shop: Shop) -> None:
    asked_for = st.session_state.pop(TO_WRITE, None)
    if asked_for is not None:
        st.session_state[_WRITING] = asked_for
    if _WRITING not in st.session_state:
        st.button(
            "Write one here",
            key="write-policy",
            icon=":material/edit_note:",
            on_click=lambda: st.session_state.update({_WRITING: ""}),
        )
        return
    with st.form("new-policy", border=True):
        title = st.text_input(
            "Title",
            st.session_state[_WRITING],
            key="new-policy-title",
            max_chars=LONGEST_TITLE,
            placeholder="Gift wrapping",
        )
        text = st.text_area(
            "Text",
            key="new-policy-text",
            height=240,
            max_chars=reading.LIMIT_CHARS,
            placeholder="We wrap gifts for $4.\n\n## How to order it\n\nChoose it at the checkout.",
            help=_TEXT_HELP,
        )
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", key="save-policy")
            left = st.form_submit_button("Cancel", key="leave-policy")
    if left:
        del st.session_state[_WRITING]
        st.rerun()
    if saved:
        _save(shop, title, text)


def _save(shop: Shop, title: str, text: str) -> None:
    try:
        item = documents.written(title, text)
    except CatalogError as error:
        st.error(plain(error.message), icon=":material/error:")
        return
    policy_changes.note(document_changes.add(shop.db, [item]), unchanged=1)
    del st.session_state[_WRITING]
    st.rerun()
