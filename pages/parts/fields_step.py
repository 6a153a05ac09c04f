"""Step 3: what to find out about every product, a card for each field."""

from __future__ import annotations

from typing import Any

import streamlit as st

from batch.fields import Field, FieldType, dump_fields, parse_fields, starter_fields
from core.errors import FieldsError
from pages.parts import draft as drafts
from pages.parts import trouble, words
from pages.parts.draft import Draft, Entry
from pages.parts.escape import one_line, plain
from pages.parts.steps import Step, current_draft, keep, onward

_TYPES = {
    FieldType.TEXT: "Text",
    FieldType.NUMBER: "Number",
    FieldType.BOOLEAN: "Yes or no",
    FieldType.CHOICE: "One of a list",
    FieldType.LIST: "Several words",
}
_WITH_CHOICES = (FieldType.CHOICE, FieldType.LIST)


def draw(draft: Draft) -> None:
    """Draw the step."""
    st.caption("Each field becomes a new column. A short, exact description helps the most.")
    _tools(draft)
    problems = drafts.problems(draft)
    for entry in draft.entries:
        _card(draft, entry, problems.get(entry.key, ""))
    if -1 in problems:
        st.warning(plain(problems[-1]), icon=":material/warning:")
    st.button("Add a field", icon=":material/add:", key="add-field", on_click=_add)
    onward(
        Step.FIELDS,
        ready=not problems,
        reason=f"{words.several(len(problems), 'field needs', 'fields need')} a correction.",
    )


def _tools(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo",
            disabled=not draft.past,
            on_click=_undo,
        )
        st.download_button(
            "Save as a file",
            dump_fields(draft.fields),
            "fields.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
            key="export",
        )
        with st.popover("Load a file", icon=":material/upload:", key="load"):
            _import(draft)
        st.button("Starter fields", icon=":material/restart_alt:", key="starter", on_click=_restart)


def _import(draft: Draft) -> None:
    file = st.file_uploader("A fields file (JSON)", type=["json"], key=f"json-{draft.generation}")
    if file is None:
        return
    try:
        fields = parse_fields(file.getvalue())
    except FieldsError as error:
        trouble.draw(error)
        return
    keep(drafts.replaced(draft, fields))
    st.rerun()


def _card(draft: Draft, entry: Entry, problem: str) -> None:
    """One field: closed it is a line, open it can be edited."""
    field = entry.field
    mark = ":material/warning: " if problem else ""
    name = plain(field.name) or "Unnamed"
    label = f"{mark}**{name}** · {_TYPES[field.type]} · {plain(one_line(field.description, 70))}"
    fresh = not field.name
    with st.expander(label, expanded=bool(problem) or fresh, key=f"card-{_key(draft, entry, '')}"):
        if problem:
            st.warning(plain(problem), icon=":material/warning:")
        left, right = st.columns([3, 2])
        left.text_input("Name", field.name, max_chars=60, **_wiring(draft, entry, "name"))
        right.selectbox(
            "Kind of value",
            list(_TYPES),
            index=list(_TYPES).index(field.type),
            format_func=_TYPES.__getitem__,
            **_wiring(draft, entry, "type"),
        )
        st.text_area(
            "What to look for", field.description, height=80, **_wiring(draft, entry, "description")
        )
        if field.type in _WITH_CHOICES:
            _choices(draft, entry)
        _last_line(draft, entry)


def _choices(draft: Draft, entry: Entry) -> None:
    chosen = list(entry.field.choices)
    st.multiselect(
        "Allowed values",
        chosen,
        default=chosen,
        accept_new_options=True,
        placeholder="Type a value and press Enter",
        **_wiring(draft, entry, "choices"),
    )


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
    changes = {part: tuple(value) if part == "choices" else value}
    if part == "type" and value not in _WITH_CHOICES:
        changes["choices"] = ()
    keep(drafts.edited(draft, entry_key, entry.field.model_copy(update=changes)))


def _add() -> None:
    if draft := current_draft():
        keep(drafts.added(draft, Field(name="")))


def _remove(entry_key: int) -> None:
    if draft := current_draft():
        keep(drafts.removed(draft, entry_key))


def _undo() -> None:
    if draft := current_draft():
        keep(drafts.undone(draft))


def _restart() -> None:
    if draft := current_draft():
        keep(drafts.replaced(draft, starter_fields()))
