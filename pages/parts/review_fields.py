"""A row's values as things to type in, each of the kind that its field is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from batch.fields import Field, FieldType
from core.values import Value
from pages.parts.escape import plain

#: Longer texts get a box of several lines.
_LONG = 60
_YES_NO = ("yes", "no")


def widget_key(job_id: str, row_no: int, field: Field) -> str:
    """Names a value's widget: the same however often the value changes."""
    return f"review-{job_id}-{row_no}-{field.name}"


def shown(field: Field, value: Value | None) -> Any:
    """What a value's widget holds."""
    if field.type is FieldType.LIST:
        return list(value.value) if value and isinstance(value.value, list) else []
    if field.type in (FieldType.BOOLEAN, FieldType.CHOICE):
        return value.text() if value else None
    return value.text() if value else ""


def draw(
    field: Field, key: str, first: Value | None, on_change: Callable[..., None], *args: Any
) -> None:
    """Draw a value's widget; what it holds is in the session under its key.

    Args:
        field: What the value is of.
        key: See :func:`widget_key`.
        first: What the model gave; says how much room is needed.
        on_change: Called with ``args`` when the person has changed it.
    """
    shared: dict[str, Any] = {
        "key": key,
        "on_change": on_change,
        "args": args,
        "label_visibility": "collapsed",
    }
    label = plain(field.name)
    if field.type is FieldType.BOOLEAN:
        st.segmented_control(label, _YES_NO, **shared)
    elif field.type is FieldType.CHOICE:
        options = list(dict.fromkeys([*field.choices, *_also(key)]))
        st.selectbox(label, options, index=None, placeholder="no value", **shared)
    elif field.type is FieldType.LIST:
        options = list(dict.fromkeys([*field.choices, *_also(key)]))
        new = not field.choices
        st.multiselect(
            label, options, placeholder="no value", accept_new_options=new, wrap=True, **shared
        )
    elif first is not None and len(first.text()) > _LONG:
        st.text_area(label, placeholder="no value", height=70, **shared)
    else:
        st.text_input(label, placeholder="no value", **shared)


def _also(key: str) -> list[str]:
    """What the widget holds beside the field's choices."""
    held = st.session_state.get(key)
    return [held] if isinstance(held, str) else list(held or [])
