"""Step 3: what to find out about every product, a card for each field."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from batch.fields import Field
from batch.uploads import Upload
from pages.parts import draft as drafts
from pages.parts import (
    field_advice,
    field_saved,
    field_suggestions,
    field_tools,
    field_types,
    words,
)
from pages.parts.draft import Draft
from pages.parts.draft_problems import problems
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.field_card import card
from pages.parts.steps import Step, current_draft, keep, onward


def draw(shop: Shop, upload: Upload, draft: Draft) -> None:
    """Draw the step."""
    field_saved.confirm_what_was_asked(shop)
    st.caption("Each field becomes a new column. A short, exact description helps the most.")
    wanted = _tools(shop, upload, draft)
    counts = field_types.draw(shop, upload, draft)
    field_suggestions.draw(shop, upload, draft, wanted=wanted)
    found = problems(draft)
    advice = field_advice.look(shop, draft, counts)
    if field_types.shows_fields(draft):
        advised = {one.field for one in advice if one.product_type in ("", draft.product_type)}
        for entry in draft.entries:
            card(draft, entry, found.get(entry.key, ""), advised)
        st.button("Add a field", icon=":material/add:", key="add-field", on_click=_add)
    _elsewhere(draft, found)
    field_advice.draw(advice)
    onward(
        Step.FIELDS,
        ready=not found,
        reason=f"{words.several(len(found), 'field needs', 'fields need')} a correction.",
    )


def _tools(shop: Shop, upload: Upload, draft: Draft) -> bool:
    """Draw what is done to all fields at once; returns whether suggestions are wanted."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        nothing_shown = not field_types.shows_fields(draft)
        field_tools.templates(draft, disabled=nothing_shown)
        wanted = field_suggestions.button(disabled=nothing_shown)
        field_saved.saved_sets(shop, upload, draft)
        field_saved.save_as(shop, draft)
        field_tools.undo(draft)
    return wanted


def _elsewhere(draft: Draft, found: Mapping[int, str]) -> None:
    """What is wrong, but not with a field that is shown."""
    shown = {entry.key for entry in draft.entries} if field_types.shows_fields(draft) else set()
    for key, message in found.items():
        if key not in shown:
            st.warning(plain(message), icon=":material/warning:")


def _add() -> None:
    if draft := current_draft():
        keep(drafts.added(draft, Field(name="")))
