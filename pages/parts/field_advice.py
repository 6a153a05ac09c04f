"""What is better changed before the start, told under the fields; it never stands in the way."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from batch.lint import Advice, lint
from core.roster import context_tokens
from pages.parts import words
from pages.parts.draft import Draft
from pages.parts.entry import Shop
from pages.parts.escape import plain

SHOWN = 4


def look(shop: Shop, draft: Draft, counts: Mapping[str, int] | None) -> list[Advice]:
    """What there is to say about the fields as they stand."""
    context = context_tokens(shop.settings)
    return lint(draft.plan, context_tokens=context, types=counts)


def draw(found: list[Advice]) -> None:
    """Draw the advice: the first few at once, the others on demand."""
    if not found:
        return
    title = words.several(len(found), "thing")
    with st.container(border=True, gap="xsmall", key="advice"):
        st.markdown(f":material/lightbulb: **{title} to improve before the start**")
        st.markdown(_lines(found[:SHOWN]))
        if rest := found[SHOWN:]:
            with st.expander(f"{len(rest):,} more"):
                st.markdown(_lines(rest))


def _lines(found: list[Advice]) -> str:
    return "\n".join(f"- {_line(one)}" for one in found)


def _line(one: Advice) -> str:
    where = f"**{plain(one.product_type)}**: " if one.product_type else ""
    return where + plain(one.message)
