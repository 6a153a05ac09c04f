"""Suggested fields: guesses from a sample of the catalog; a person takes what is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from batch.suggest import Suggestion, Suggestions, sample, suggest
from batch.uploads import Upload
from pages.parts import draft as drafts
from pages.parts import words
from pages.parts.draft import Draft
from pages.parts.entry import Shop, open_chat_lane
from pages.parts.escape import one_line, plain
from pages.parts.field_card import kind
from pages.parts.steps import current_draft, keep

_SHOWN = "suggested_fields"


@dataclass(frozen=True, slots=True)
class Shown:
    """Suggestions, and for which products of which file they were made."""

    setup: tuple[str, str]
    suggestions: Suggestions


def button(*, disabled: bool) -> bool:
    """Draw the way to ask for suggestions; returns whether that was done just now."""
    return st.button(
        "Suggest fields",
        icon=":material/auto_awesome:",
        key="suggest",
        disabled=disabled,
        help="Reads some of your products and proposes what can be found in them.",
    )


def draw(shop: Shop, upload: Upload, draft: Draft, *, wanted: bool) -> None:
    """Draw the suggestions there are; those that are wanted now are made first."""
    if wanted:
        _make(shop, upload, draft)
    shown = st.session_state.get(_SHOWN)
    if isinstance(shown, Shown) and shown.setup == _setup(draft):
        with st.container(border=True, gap="xsmall"):
            _suggestions(shown.suggestions)


def _setup(draft: Draft) -> tuple[str, str]:
    return draft.upload_id, draft.shown


def _make(shop: Shop, upload: Upload, draft: Draft) -> None:
    bar = st.progress(0.0, text="Looking through your products…")

    def show(done: int, whole: int) -> None:
        text = f"Reading some of your products: {done} of {whole}"
        bar.progress(done / whole if whole else 0.0, text=text)

    rows = sample(shop.settings, upload, draft.plan, draft.shown)
    found = suggest(
        shop.db, open_chat_lane(), draft.columns, rows, upload.catalog.columns, draft.fields, show
    )
    bar.empty()
    st.session_state[_SHOWN] = Shown(_setup(draft), found)


def _suggestions(suggestions: Suggestions) -> None:
    st.markdown(":material/auto_awesome: **Suggested fields** :gray-badge[guessed]")
    if suggestions.problem:
        st.caption(
            f":material/info: The model did not help: {plain(suggestions.problem)} "
            "What follows was found by counting words."
        )
    if not suggestions.found:
        st.markdown("Nothing was found that your fields do not cover already.")
    else:
        st.caption("Tick what you want to have. Each of them was found in your products.")
    ticked = [one for one in suggestions.found if _suggestion(one)]
    with st.container(horizontal=True):
        if suggestions.found:
            st.button(
                f"Add {words.several(len(ticked), 'field')}" if ticked else "Add",
                key="take-suggestions",
                type="primary",
                disabled=not ticked,
                on_click=_add,
                args=(ticked,),
            )
        st.button("Close", key="close-suggestions", type="tertiary", on_click=_close)


def _suggestion(one: Suggestion) -> bool:
    field = one.field
    values = " · ".join(f"“{one_line(value, 30)}”" for value in one.values)
    ticked = st.checkbox(
        f"**{plain(field.name)}** · {plain(kind(field))} · {plain(field.description)}",
        key=f"suggestion-{field.name}",
    )
    st.caption(f"In {one.found:,} of {words.several(one.looked, 'product')}: {plain(values)}")
    return ticked


def _add(ticked: list[Suggestion]) -> None:
    if draft := current_draft():
        keep(drafts.added(draft, *(one.field for one in ticked)))
    _close()


def _close() -> None:
    st.session_state.pop(_SHOWN, None)
