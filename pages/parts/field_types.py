"""Other fields for each product type: which column tells the type, whose fields are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from batch.columns import Columns
from batch.field_templates import template, template_names
from batch.fields import FieldSet
from batch.product_types import type_columns, type_counts
from batch.uploads import Upload
from core.settings import Settings
from pages.parts import draft as drafts
from pages.parts import words
from pages.parts.draft import OTHERS, Draft
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.steps import current_draft, keep

_OTHERS = "All other products"


def draw(shop: Shop, upload: Upload, draft: Draft) -> Mapping[str, int] | None:
    """Draw the choice, and of whom the fields are shown.

    Returns:
        How many products each type has; None where all are alike.
    """
    options = _columns(shop.settings, upload, (upload.id, draft.columns))
    by = draft.sets.by
    st.toggle(
        "Different fields for each product type",
        by is not None,
        key=f"by-type-{draft.generation}",
        disabled=by is None and not options,
        help="For shops that sell different kinds of things. A column of the file tells them "
        "apart." + ("" if options else " This file has no column with few enough values."),
        on_change=_switch,
        args=(f"by-type-{draft.generation}", options),
    )
    if by is None:
        return None
    counts = _counts(shop.settings, upload, (upload.id, by))
    with st.container(border=True):
        left, right = st.columns(2)
        with left:
            _column(draft, by, options)
        with right:
            _whose(upload, draft, counts)
        if draft.shown in draft.sets.types:
            _own(draft, counts)
        elif draft.shown != OTHERS:
            _without(draft, counts)
    return counts


def shows_fields(draft: Draft) -> bool:
    """Whether what is shown has fields: a type without its own has none to edit."""
    return draft.sets.by is None or draft.shown in draft.sets.of


@st.cache_data(show_spinner=False, max_entries=50)
def _columns(_settings: Settings, _upload: Upload, key: tuple[str, Columns]) -> tuple[str, ...]:
    """Looked for once: it reads from the stored file."""
    return type_columns(_settings, _upload, key[1])


@st.cache_data(show_spinner="Counting the products of each type…", max_entries=50)
def _counts(_settings: Settings, _upload: Upload, key: tuple[str, str]) -> dict[str, int]:
    """Counted once for each column: it goes through the whole file."""
    return type_counts(_settings, _upload, key[1])


def _switch(widget: str, options: tuple[str, ...]) -> None:
    if draft := current_draft():
        by = options[0] if st.session_state[widget] and options else None
        keep(replace(drafts.divided(draft, by), shown=OTHERS))


def _column(draft: Draft, by: str, options: tuple[str, ...]) -> None:
    key = f"by-{draft.generation}"
    listed = options if by in options else (by, *options)
    st.selectbox(
        "Column with the product type",
        listed,
        index=listed.index(by),
        key=key,
        on_change=_choose_column,
        args=(key,),
    )


def _choose_column(widget: str) -> None:
    if draft := current_draft():
        keep(replace(drafts.divided(draft, st.session_state[widget]), shown=OTHERS))


def _whose(upload: Upload, draft: Draft, counts: Mapping[str, int]) -> None:
    key = f"whose-{draft.generation}"
    own = draft.sets.types
    folded = {name.casefold() for name in own}
    options = [OTHERS, *own, *(name for name in counts if name.casefold() not in folded)]
    left = upload.catalog.rows - sum(_count(counts, name) for name in own)

    def label(name: str) -> str:
        if name == OTHERS:
            return f"{_OTHERS} · {left:,}"
        star = " · own fields" if name in own else ""
        return f"{name} · {_count(counts, name):,}{star}"

    st.selectbox(
        "Show the fields of",
        options,
        index=options.index(draft.shown) if draft.shown in options else 0,
        format_func=label,
        key=key,
        on_change=_show,
        args=(key,),
    )


def _count(counts: Mapping[str, int], name: str) -> int:
    folded = name.casefold()
    return sum(count for one, count in counts.items() if one.casefold() == folded)


def _show(widget: str) -> None:
    if draft := current_draft():
        shown = st.session_state[widget]
        keep(replace(draft, shown=shown, generation=draft.generation + 1))


def _own(draft: Draft, counts: Mapping[str, int]) -> None:
    name = draft.shown
    with st.container(horizontal=True, vertical_alignment="center"):
        count = words.several(_count(counts, name), "product")
        st.caption(f"The fields below are only for “{plain(name)}” ({count}).")
        st.button(
            "Same as all others",
            key="alike",
            type="tertiary",
            icon=":material/link_off:",
            help="Takes its own fields away. Undo brings them back.",
            on_click=_alike,
            args=(name,),
        )


def _alike(name: str) -> None:
    if draft := current_draft():
        keep(drafts.alike(draft, name))


def _without(draft: Draft, counts: Mapping[str, int]) -> None:
    """A type without its own fields: how to begin some."""
    name = draft.shown
    count = words.several(_count(counts, name), "product")
    st.caption(f"“{plain(name)}” ({count}) has the fields of all other products.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        begun = st.selectbox(
            "Begin its own with", list(_beginnings(draft)), key="begin-with", width=300
        )
        st.button(
            "Give it its own fields",
            key="give",
            type="primary",
            on_click=_give,
            args=(name, begun),
        )


def _beginnings(draft: Draft) -> dict[str, FieldSet]:
    """What the fields of a type can begin with, by the words for it."""
    plan = draft.plan
    return {
        "The fields of all other products": plan.fields,
        **{f"The fields of {name}": fields for name, fields in plan.sets.items()},
        **{f"Template: {name.capitalize()}": template(name) for name in template_names()},
    }


def _give(name: str, begun: str) -> None:
    if draft := current_draft():
        keep(drafts.given(draft, name, _beginnings(draft)[begun]))
