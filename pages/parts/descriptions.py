"""What each field means, changed right beside a trial."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import draft as drafts
from pages.parts.draft import OTHERS, Draft, Entry
from pages.parts.escape import plain
from pages.parts.marked_text import letter
from pages.parts.steps import current_draft, keep


def draw(draft: Draft) -> None:
    """Draw the descriptions of all fields, closed at first."""
    with st.expander(
        "Change what a field means, then try again", icon=":material/edit_note:", key="descriptions"
    ):
        for name, entries in draft.sets.of.items():
            if name != OTHERS and name not in draft.sets.types:
                continue
            if draft.sets.types:
                st.markdown(f"**{plain(name) or 'All other products'}**")
            for number, entry in enumerate(entries):
                _description(draft, entry, number)


def _description(draft: Draft, entry: Entry, number: int) -> None:
    key = f"meaning-{draft.generation}-{entry.key}"
    st.text_area(
        f"{letter(number)} · {plain(entry.field.name)}",
        entry.field.description,
        height="content",
        key=key,
        on_change=_edit,
        args=(entry.key, key),
    )


def _edit(entry_key: int, widget: str) -> None:
    draft = current_draft()
    if draft is not None:
        keep(described(draft, entry_key, st.session_state[widget]))


def described(draft: Draft, entry_key: int, description: str) -> Draft:
    """The draft with another description of one field, of whatever product type."""
    for name, entries in draft.sets.of.items():
        for entry in entries:
            if entry.key == entry_key:
                changed = entry.field.model_copy(update={"description": description})
                there = drafts.edited(replace(draft, shown=name), entry_key, changed)
                return replace(there, shown=draft.shown)
    return draft
