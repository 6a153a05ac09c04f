"""Examples to look through: find them, switch them off and on, delete them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import demonstration_list, demonstrations
from batch.demonstration_list import Choice, Demonstration
from core.errors import ShopkeeperError
from pages.parts import question, words
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.example_counts import NO_TYPE
from pages.parts.telling import tell

PAGE = 50
_ANY_TYPE = "All types"
_USES: dict[str, dict[str, bool]] = {
    "All": {},
    "Shown": {"held_back": False, "enabled": True},
    "Kept aside": {"held_back": True, "enabled": True},
    "Switched off": {"enabled": False},
}
_TO_DELETE = "examples_to_delete"
_DRAWN = "examples_drawn"


def draw(shop: Shop) -> None:
    """Draw what is looked for, what was found, and what can be done with it."""
    choice = _choice(shop)
    count = demonstration_list.count(shop.db, choice)
    if not count:
        st.info("No example is like that. Try fewer words.", icon=":material/search_off:")
        return
    pages = ceil(count / PAGE)
    number = st.pagination(pages, key=f"examples-page-{hash(choice)}") if pages > 1 else 1
    found = demonstration_list.listing(shop.db, choice, first=(number - 1) * PAGE, limit=PAGE)
    chosen = _table(found)
    _acts(shop, chosen)
    for one in chosen:
        _card(one)
    if not chosen:
        st.caption("Choose rows to see them whole, to switch them off or to delete them.")


def _choice(shop: Shop) -> Choice:
    types = [one.product_type for one in demonstration_list.counts(shop.db)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input("Find", key="examples-search", placeholder="brand, color, title…")
        kind = _ANY_TYPE
        if len(types) > 1:
            kind = st.selectbox(
                "Product type",
                [_ANY_TYPE, *types],
                format_func=lambda one: one or NO_TYPE,
                key="examples-type",
            )
        use = st.segmented_control(
            "Use", list(_USES), default="All", required=True, key="examples-use"
        )
    product_type = None if kind == _ANY_TYPE else kind
    return Choice(search, product_type, **_USES[use or "All"])


def _table(found: Sequence[Demonstration]) -> list[Demonstration]:
    """Draw examples as rows; returns those that were chosen."""
    version = st.session_state.get(_DRAWN, 0)
    drawn = st.dataframe(
        pd.DataFrame([_cells(one) for one in found]),
        key=f"examples-{version}-{hash(tuple(one.id for one in found))}",
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Product": st.column_config.TextColumn(width="medium"),
            "Right values": st.column_config.TextColumn(width="large"),
        },
    )
    return [found[at] for at in drawn["selection"]["rows"] if at < len(found)]


def _cells(one: Demonstration) -> dict[str, str]:
    return {
        "Product": one_line(product_name(one), 120),
        "Type": one.product_type,
        "Right values": right_values(one),
        "Use": use_of(one),
        "From": f"{one.job_name}, row {one.row_no:,}" if one.job_name and one.row_no else "a file",
        "Changed": words.moment(one.updated_at, time.time(), words.zone(st.context.timezone)),
    }


def product_name(one: Demonstration) -> str:
    """What tells a person which product it is: its first line, without the column's name."""
    first = one.text.splitlines()[0] if one.text else ""
    name, colon, rest = first.partition(": ")
    return rest if colon and len(name) < 40 else first


def right_values(one: Demonstration) -> str:
    """The values that there are, in a line."""
    there = {name: value for name, value in one.answer.items() if value is not None}
    return " · ".join(f"{name}: {value_text(value)}" for name, value in there.items()) or "none"


def value_text(value: Any) -> str:
    """A right value as a person would write it; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def use_of(one: Demonstration) -> str:
    """What an example is used for, in words."""
    if not one.enabled:
        return "switched off"
    return "kept aside" if one.held_back else "shown"


def _card(one: Demonstration) -> None:
    """One example whole: what the model reads, and what it should say."""
    with st.container(border=True):
        text, values = st.columns(2, gap="medium")
        text.markdown("**What the model reads**")
        text.text(one.text)
        values.markdown("**What it should say**")
        for name, value in one.answer.items():
            values.markdown(f"{plain(name)}: **{plain(value_text(value))}**")


def _acts(shop: Shop, chosen: Sequence[Demonstration]) -> None:
    if not chosen:
        return
    on = [one.id for one in chosen if one.enabled]
    off = [one.id for one in chosen if not one.enabled]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if on and st.button(
            f"Switch {words.several(len(on), 'example')} off",
            key="examples-off",
            icon=":material/visibility_off:",
            help="The model does not see it any more, and is not measured by it. What was "
            "approved still holds for the same product.",
        ):
            _do(lambda: demonstrations.switch(shop.db, on, enabled=False), "switched off")
            st.rerun()
        if off and st.button(
            f"Switch {words.several(len(off), 'example')} on",
            key="examples-on",
            icon=":material/visibility:",
        ):
            _do(lambda: demonstrations.switch(shop.db, off, enabled=True), "switched on")
            st.rerun()
        if st.button("Delete…", key="examples-delete", icon=":material/delete:"):
            st.session_state[_TO_DELETE] = [one.id for one in chosen]
            st.rerun()


def _do(act: Callable[[], int], done: str) -> None:
    try:
        tell(f"{words.several(act(), 'example')} {done}.")
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    # Another table, with nothing chosen.
    st.session_state[_DRAWN] = st.session_state.get(_DRAWN, 0) + 1


def confirm_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for."""
    ids = st.session_state.pop(_TO_DELETE, None)
    if ids:
        _confirm(shop, ids)


@st.dialog("Delete examples?")
def _confirm(shop: Shop, ids: Sequence[str]) -> None:
    one = len(ids) == 1
    st.markdown(
        f"The model does not learn from {'this example' if one else f'these {len(ids)} examples'} "
        "any more, and the approved values do not hold in later jobs. The results that "
        f"{'it' if one else 'they'} came from stay as they are."
    )
    remove = lambda: demonstrations.remove(shop.db, ids)  # noqa: E731
    question.answers("examples", "Delete", _do, remove, "deleted", leave="Keep")
