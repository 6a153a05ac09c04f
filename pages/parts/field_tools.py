"""What is done to all fields at once: taken from a template, undone."""

from __future__ import annotations

import streamlit as st

from batch.field_templates import template, template_names
from pages.parts import draft as drafts
from pages.parts.draft import Draft
from pages.parts.steps import current_draft, keep


def templates(draft: Draft, *, disabled: bool) -> None:
    """Draw the templates; one replaces the fields that are shown."""
    # A key of its own for each state of the fields: closed again once one was taken.
    key = f"templates-{draft.generation}"
    with st.popover("Templates", icon=":material/category:", key=key, disabled=disabled):
        st.caption("Replaces the fields below. Undo brings them back.")
        for name in template_names():
            st.button(
                name.capitalize(),
                key=f"template-{name}",
                help=", ".join(field.name for field in template(name)),
                width="stretch",
                on_click=_take_template,
                args=(name,),
            )


def _take_template(name: str) -> None:
    if draft := current_draft():
        keep(drafts.replaced(draft, template(name)))


def undo(draft: Draft) -> None:
    """Draw the way back."""
    st.button("Undo", icon=":material/undo:", key="undo", disabled=not draft.past, on_click=_undo)


def _undo() -> None:
    if draft := current_draft():
        keep(drafts.undone(draft))
