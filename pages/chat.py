"""The counter: ask the shop and read cited answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import products
from core.errors import NotFoundError
from core.line import Spot
from core.roles import Role
from core.settings import SAMPLE
from pages.parts.admission import admitted
from pages.parts.answering import answer, warm_up
from pages.parts.asking import INPUT, Asked, ask, next_question, typed
from pages.parts.conversation import exchange
from pages.parts.counter_script import counter_script
from pages.parts.editing import question
from pages.parts.entry import Shop, enter
from pages.parts.escape import plain
from pages.parts.exchanges import Exchange, exchanges, history, understood
from pages.parts.history import PARAMETER, open_conversation, sidebar
from pages.parts.shelves import filling, shelves
from rag import conversations, messages
from rag.messages import Message

PARTS = Path(__file__).parent / "parts"
STYLES = (PARTS / "counter.css", PARTS / "marked.css")


def main() -> None:
    """Draw the page."""
    shop = enter("pages/chat.py")
    for sheet in STYLES:
        st.html(sheet)
    # Emptied as soon as a question is asked; whatever else stood below the
    # answer would stay, greyed out, until the answer has ended.
    greeting = st.empty()
    asked = typed() or next_question()
    with admitted(shop, asked) as door:
        st.chat_input("Ask about products, shipping, returns…", submit_mode="stop", key=INPUT)
        current, pairs = _load(shop)
        if asked and door.spot:
            if current is None:
                current = conversations.create(shop.db, shop.visitor).id
                open_conversation(current)
            _answer(shop, current, pairs, asked, door.spot)
        else:
            _rest(shop, current, pairs, greeting)
            if door.refusal:
                st.info(plain(door.refusal), icon=":material/hourglass_top:")


def _load(shop: Shop) -> tuple[str | None, list[Exchange]]:
    """The conversation named in the address, if it is this visitor's."""
    wanted = st.query_params.get(PARAMETER)
    if not wanted:
        return None, []
    try:
        return wanted, exchanges(conversations.load(shop.db, wanted, shop.visitor))
    except NotFoundError as error:
        st.info(error.message, icon=":material/search_off:")
        open_conversation(None)
        return None, []


def _answer(shop: Shop, current: str, pairs: list[Exchange], asked: Asked, spot: Spot) -> None:
    """Show the question at once, answer it, then redraw the page at rest."""
    stored, pairs = _stored(shop, current, pairs, asked)
    counter_script()
    sidebar(shop, current)
    for pair in pairs:
        exchange(shop, pair)
    question(asked.text)
    with st.container(key="answering"):
        answer(shop, stored, history(pairs), understood(pairs), asked, spot)
    st.rerun()


def _stored(
    shop: Shop, current: str, pairs: list[Exchange], asked: Asked
) -> tuple[Message, list[Exchange]]:
    """The question as it is stored, and what was said before it."""
    if not asked.again or not pairs:
        return messages.add_question(shop.db, current, asked.text), pairs
    stored = pairs[-1].question
    if (asked.text, asked.removed) != (stored.text, stored.removed):
        messages.change_question(shop.db, stored, asked.text, asked.removed)
        stored = replace(stored, text=asked.text, removed=asked.removed)
    return stored, pairs[:-1]


def _rest(
    shop: Shop, current: str | None, pairs: Sequence[Exchange], greeting: DeltaGenerator
) -> None:
    counter_script(pairs[-1].answer if pairs else None)
    sidebar(shop, current)
    if not pairs:
        with greeting.container():
            _empty(shop)
    for pair in pairs:
        exchange(shop, pair, last=pair is pairs[-1])
    busy = shelves(shop)
    # Warming up blocks this session's redraws: not while a bar is moving.
    if not busy:
        warm_up()


def _empty(shop: Shop) -> None:
    """A greeting and questions to begin with."""
    st.html('<h1 class="sk-greeting">What are you looking for?</h1>')
    if not products.count(shop.db) and not filling(shop):
        _bare(shop)
        return
    st.caption("Ask in your own words. Every answer names its sources.", text_alignment="center")
    with st.grid(2, min_column_width=250, gap="small"):
        for at, example in enumerate(_examples()):
            st.button(
                plain(example["question"]),
                key=f"example-{at}",
                width="stretch",
                wrap=True,
                on_click=ask,
                args=(Asked(example["question"]),),
            )


def _bare(shop: Shop) -> None:
    """Nothing to ask about: whoever can do something about it is told what."""
    if not shop.person.role.reaches(Role.MERCHANDISER):
        st.info("The shelves are empty. Please come back later.", icon=":material/inventory_2:")
        return
    st.info(
        "The shelves are empty. Upload a catalog and publish it to chat.",
        icon=":material/inventory_2:",
    )
    st.page_link("pages/upload.py", label="Upload a catalog", icon=":material/upload_file:")


def _examples() -> list[dict[str, str]]:
    try:
        found = json.loads((SAMPLE / "questions.json").read_text(encoding="utf-8"))
        return [one for one in found if one.get("question")][:6]
    except (OSError, ValueError):
        return []


main()
