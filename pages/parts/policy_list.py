"""The policy documents as a list: what each is, when it changed, whether it can be found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import ceil

import streamlit as st

from core.fold import fold
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trouble import boxed
from rag import documents
from rag.chunking import Chunk, split
from rag.documents import Document

DOCUMENT = "document"
PAGE = 30
#: With fewer, all are seen at a glance.
SEARCHED_FROM = 8


def open_document(name: str | None) -> None:
    """Show a document from now on, or all of them again."""
    if name:
        st.query_params[DOCUMENT] = name
    else:
        st.query_params.pop(DOCUMENT, None)


def draw(shop: Shop) -> None:
    """Draw the list; while some are being indexed it moves by itself."""
    found = documents.listing(shop.db)
    if not found:
        _empty()
        return
    search = ""
    if len(found) >= SEARCHED_FROM:
        search = st.text_input("Find", key="policies-search", placeholder="returns, gift card…")
    pending = any(not one.indexed for one in found)
    st.fragment(_rows, run_every="1s" if pending else None)(shop, search, pending)


def _rows(shop: Shop, search: str, pending: bool) -> None:
    with boxed():
        found = documents.listing(shop.db)
        if pending and all(one.indexed for one in found):
            st.rerun()
        shown = [one for one in found if _fits(one, search)]
        if not shown:
            st.info("No document says that. Try fewer words.", icon=":material/search_off:")
            return
        pages = ceil(len(shown) / PAGE)
        number = st.pagination(pages, key=f"policies-page-{search}") if pages > 1 else 1
        for one in shown[(number - 1) * PAGE : number * PAGE]:
            _row(one)


def _fits(one: Document, search: str) -> bool:
    text = fold(f"{one.title} {one.file_name} {one.text}")
    return all(fold(word) in text for word in search.split())


def _row(one: Document) -> None:
    with st.container(border=True, key=f"policy-{one.name}", gap="xxsmall"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            opened = st.button(f"**{plain(one.title)}**", key=f"open-{one.name}", type="tertiary")
            state(one)
        st.caption(plain(facts(one)))
    # Not by a callback: from a fragment, it draws nothing but the fragment anew.
    if opened:
        open_document(one.name)
        st.rerun()


def facts(one: Document) -> str:
    """Where it is from, how long it is and when it changed, in a line."""
    now, where = time.time(), words.zone(st.context.timezone)
    parts = [
        one.file_name,
        words.several(_sections(split(one.name, one.text)), "section"),
        words.several(len(one.text.split()), "word"),
        f"changed {words.moment(one.updated_at, now, where)}",
    ]
    return " · ".join(part for part in parts if part)


def state(one: Document) -> None:
    """Draw whether the chat finds it."""
    if one.indexed:
        st.badge("Can be found", icon=":material/check:", color="green")
    else:
        st.badge(
            "Being indexed",
            icon=":material/hourglass_top:",
            color="orange",
            help="The chat finds it by its words already, and by its meaning within moments.",
        )


def _sections(chunks: Sequence[Chunk]) -> int:
    return len({chunk.heading for chunk in chunks})


def _empty() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### No policies yet", text_alignment="center")
        st.markdown(
            "Upload what you have, as it is: the chat answers questions such as “How long can I "
            "send it back?” as soon as a document says it. Without one it says that it does not "
            "know.",
            text_alignment="center",
        )
