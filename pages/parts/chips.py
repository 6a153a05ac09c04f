"""The conditions that a question was understood to have, each to be taken away or put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.facts import Filter
from pages.parts.escape import html, one_line, plain
from rag.query import Query

_LABEL_CHARACTERS = 48
#: Asks the question again without these conditions.
AskWithout = Callable[[tuple[Filter, ...]], None]


def filters_of(queries: Sequence[Query]) -> tuple[Filter, ...]:
    """Every condition of a question once, in the order in which it was said."""
    return tuple(dict.fromkeys(one for query in queries for one in query.filters))


def label(condition: Filter) -> str:
    """How a shopper reads a condition."""
    return one_line(condition.label or condition.field.replace("_", " "), _LABEL_CHARACTERS)


def chips(
    key: str, queries: Sequence[Query], removed: Sequence[Filter], ask_without: AskWithout
) -> None:
    """Draw the chips of the last question as buttons."""
    active = filters_of(queries)
    taken = [one for one in removed if one not in active]
    if not active and not taken:
        return
    with st.container(
        key=f"chips-{key}", horizontal=True, gap="xsmall", vertical_alignment="center"
    ):
        for at, one in enumerate(active):
            st.button(
                plain(label(one)),
                key=f"chip-{key}-{at}",
                icon=":material/close:",
                icon_position="right",
                help=f"Ask again without “{plain(label(one))}”",
                on_click=ask_without,
                args=((*taken, one),),
            )
        for at, one in enumerate(taken):
            st.button(
                f"~~{plain(label(one))}~~ removed",
                key=f"chip-back-{key}-{at}",
                icon=":material/undo:",
                icon_position="right",
                help=f"Ask again with “{plain(label(one))}”",
                on_click=ask_without,
                args=(tuple(other for other in taken if other != one),),
            )


def chips_html(queries: Sequence[Query], removed: Sequence[Filter]) -> str:
    """The chips of an earlier question, to be read only."""
    active = filters_of(queries)
    parts = [f'<li class="sk-filter" dir="auto">{html(label(one))}</li>' for one in active]
    parts += [
        f'<li class="sk-filter" dir="auto"><s>{html(label(one))}</s> removed</li>'
        for one in removed
        if one not in active
    ]
    if not parts:
        return ""
    return f'<ul class="sk-filters" aria-label="Understood as">{"".join(parts)}</ul>'
