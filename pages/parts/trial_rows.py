"""Which rows are tried: the first ones, any others, or some that a person looks for."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from batch import pick, product_types
from batch.columns import Columns
from batch.plan import Plan
from batch.uploads import Upload, table_path
from core.settings import Settings
from pages.parts import trial_state, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.trial_state import Trial

COUNT = 5
_ANY = ""
_NOTE = "trial-note"


def draw(shop: Shop, upload: Upload, columns: Columns, plan: Plan, trial: Trial | None) -> None:
    """Draw the ways to a trial; one that runs can be stopped."""
    rows = upload.catalog.rows
    first = tuple(range(1, min(COUNT, rows) + 1))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        again, running = trial is not None, trial is not None and trial.running
        label = "Try again" if again else f"Try it on {words.several(len(first), 'row')}"
        st.button(
            label,
            icon=":material/replay:" if again else ":material/play_arrow:",
            key="try",
            type="primary",
            disabled=running,
            on_click=trial_state.want,
            args=(trial.row_nos if trial else first,),
        )
        st.button(
            f"Another {_number(len(first))}" if again else f"Any {_number(len(first))}",
            icon=":material/shuffle:",
            key="try-any",
            disabled=running,
            on_click=_any,
            args=(rows, trial.row_nos if trial else ()),
        )
        with st.popover("Choose rows", icon=":material/search:", key="try-choose"):
            _search(shop, upload, columns, plan)
        if running:
            st.button("Stop", icon=":material/stop:", key="try-stop", on_click=trial_state.stop)
    if note := st.session_state.pop(_NOTE, ""):
        st.caption(plain(note))


def _number(count: int) -> str:
    return ("none", "one", "two", "three", "four", "five")[count]


def _any(rows: int, tried: tuple[int, ...]) -> None:
    trial_state.want(pick.any_few(rows, COUNT, tried))


def _search(shop: Shop, upload: Upload, columns: Columns, plan: Plan) -> None:
    st.text_input(
        "Row numbers, or words of the product",
        key="try-words",
        placeholder="12, 40-42 or waterproof boots",
    )
    column = plan.by or columns.department
    if column:
        counts = _types(shop.settings, upload, column)
        st.selectbox(
            "Product type",
            [_ANY, *counts],
            format_func=lambda name: f"{name} ({counts[name]:,})" if name else "Any",
            key="try-type",
        )
    st.button(
        f"Try up to {_number(COUNT)} of them",
        key="try-found",
        icon=":material/play_arrow:",
        on_click=_find,
        args=(shop, upload, columns, column),
    )


@st.cache_data(show_spinner=False, max_entries=50)
def _types(_settings: Settings, _upload: Upload, column: str, _: str = "") -> Mapping[str, int]:
    return product_types.type_counts(_settings, _upload, column)


def _find(shop: Shop, upload: Upload, columns: Columns, column: str | None) -> None:
    text = st.session_state.get("try-words", "").strip()
    kind = st.session_state.get("try-type") or None
    if pick.are_numbers(text):
        found = pick.numbered(text, upload.catalog.rows, COUNT)
    else:
        table = table_path(shop.settings, upload.id)
        places = [one for one in (columns.id, *columns.text) if one]
        found = pick.matching(table, list(dict.fromkeys(places)), text, COUNT, column, kind)
    if found:
        trial_state.want(found)
        return
    st.session_state[_NOTE] = f"No row fits “{text or kind}”. Try fewer or other words."
