"""A field as a card: closed it is a line, open it can be edited."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

from batch.field_keys import MAX_NAME, MAX_UNIT, WITH_CHOICES
from batch.fields import Field, FieldType, Manner
from pages.parts import draft as drafts
from pages.parts.draft import Draft, Entry
from pages.parts.escape import one_line, plain
from pages.parts.steps import current_draft, keep

KINDS = {
    FieldType.TEXT: "Text",
    FieldType.NUMBER: "Number",
    FieldType.BOOLEAN: "Yes or no",
    FieldType.CHOICE: "One of a list",
    FieldType.LIST: "Several words",
}
_MANNERS = {
    Manner.COPY: ":material/content_copy: Copy exactly as written",
    Manner.WRITE: ":material/edit_note: Write it",
}


def kind(field: Field) -> str:
    """What kind of value a field has: ``Number (kg)``."""
    return f"{KINDS[field.type]} ({field.unit})" if field.unit else KINDS[field.type]


def card(draft: Draft, entry: Entry, problem: str, advised: Collection[str]) -> None:
    """Draw one field.

    Args:
        problem: What keeps it from being extracted; empty where nothing does.
        advised: Names of fields that something is to be improved about.
    """
    field = entry.field
    mark = ":material/lightbulb: " if field.name in advised else ""
    mark = ":material/warning: " if problem else mark
    name = plain(field.name) or "Unnamed"
    parts = (f"{mark}**{name}**", plain(kind(field)), plain(one_line(field.description, 70)))
    line = " · ".join(part for part in parts if part)
    fresh = not field.name
    with st.expander(line, expanded=bool(problem) or fresh, key=f"card-{_key(draft, entry, '')}"):
        if problem:
            st.warning(plain(problem), icon=":material/warning:")
        _name_and_kind(draft, entry)
        st.text_area(
            "What to look for", field.description, height=80, **_wiring(draft, entry, "description")
        )
        if field.type in WITH_CHOICES:
            _values(draft, entry, "choices", "Allowed values")
        _manner_and_examples(draft, entry)
        _last_line(draft, entry)


def _name_and_kind(draft: Draft, entry: Entry) -> None:
    field = entry.field
    places = st.columns([3, 2, 1] if field.type is FieldType.NUMBER else [3, 2])
    places[0].text_input("Name", field.name, max_chars=MAX_NAME, **_wiring(draft, entry, "name"))
    places[1].selectbox(
        "Kind of value",
        list(KINDS),
        index=list(KINDS).index(field.type),
        format_func=KINDS.__getitem__,
        **_wiring(draft, entry, "type"),
    )
    if field.type is FieldType.NUMBER:
        places[2].text_input(
            "Unit",
            field.unit,
            max_chars=MAX_UNIT,
            placeholder="none",
            help="Such as cm, kg, litre or W. Values in other units are converted to it.",
            **_wiring(draft, entry, "unit"),
        )


def _values(draft: Draft, entry: Entry, part: str, label: str) -> None:
    chosen = list(getattr(entry.field, part))
    st.multiselect(
        label,
        chosen,
        default=chosen,
        accept_new_options=True,
        placeholder="Type a value and press Enter",
        **_wiring(draft, entry, part),
    )


def _manner_and_examples(draft: Draft, entry: Entry) -> None:
    """How text comes to be; what has allowed values is chosen, not copied or written."""
    field = entry.field
    if field.type is FieldType.TEXT or (field.type is FieldType.LIST and not field.choices):
        st.segmented_control(
            "How its value comes to be",
            list(_MANNERS),
            default=Manner.COPY if field.copied else Manner.WRITE,
            format_func=_MANNERS.__getitem__,
            required=True,
            help="Copied values must stand in the product text. Titles, summaries and search "
            "terms are written.",
            **_wiring(draft, entry, "manner"),
        )
    if not field.choices and field.type is not FieldType.BOOLEAN:
        _values(draft, entry, "examples", "Examples of good values")


def _last_line(draft: Draft, entry: Entry) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Required",
            entry.field.required,
            help="A product without this value counts as failed.",
            **_wiring(draft, entry, "required"),
        )
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            key=f"remove-{_key(draft, entry, '')}",
            on_click=_remove,
            args=(entry.key,),
        )


def _key(draft: Draft, entry: Entry, part: str) -> str:
    return f"{draft.generation}-{entry.key}-{part}"


def _wiring(draft: Draft, entry: Entry, part: str) -> dict[str, Any]:
    """Key and callback of an input that edits one part of a field."""
    key = f"field-{_key(draft, entry, part)}"
    return {"key": key, "on_change": _edit, "args": (entry.key, part, key)}


def _edit(entry_key: int, part: str, widget: str) -> None:
    draft = current_draft()
    entry = next((one for one in draft.entries if one.key == entry_key), None) if draft else None
    if draft is None or entry is None:
        return
    value = st.session_state[widget]
    changes = {part: tuple(value) if part in ("choices", "examples") else value}
    if part == "type":
        changes |= _unfit(value)
    keep(drafts.edited(draft, entry_key, entry.field.model_copy(update=changes)))


def _unfit(kind: FieldType) -> dict[str, object]:
    """What a field cannot keep when it becomes of this kind."""
    gone: dict[str, object] = {}
    if kind not in WITH_CHOICES:
        gone["choices"] = ()
    if kind is not FieldType.NUMBER:
        gone["unit"] = ""
    if kind not in (FieldType.TEXT, FieldType.LIST):
        gone["manner"] = None
    return gone


def _remove(entry_key: int) -> None:
    if draft := current_draft():
        keep(drafts.removed(draft, entry_key))
