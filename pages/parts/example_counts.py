"""How many examples there are, for what, and what for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import demonstration_list
from batch.demonstration_list import Count
from pages.parts import words
from pages.parts.entry import Shop

#: Why some are never shown, wherever that is said.
KEPT_ASIDE = (
    "One example in five is kept aside: the model never sees it, and is asked about it to "
    "measure how good it is."
)
NO_TYPE = "No type"


def draw(shop: Shop) -> bool:
    """Draw the counts; returns whether there are any examples."""
    counts = demonstration_list.counts(shop.db)
    if not counts:
        return False
    whole = _sum(counts)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Shown to the model", f"{whole.shown:,}", width="content")
        st.metric("Kept aside to measure", f"{whole.held_back:,}", width="content", help=KEPT_ASIDE)
        if whole.off:
            st.metric("Switched off", f"{whole.off:,}", width="content")
    st.caption(KEPT_ASIDE)
    if len(counts) > 1:
        with st.expander(f"By product type ({words.several(len(counts), 'type')})"):
            st.dataframe(_by_type(counts), hide_index=True, width="content")
    return True


def _sum(counts: Sequence[Count]) -> Count:
    return Count(
        "",
        shown=sum(one.shown for one in counts),
        held_back=sum(one.held_back for one in counts),
        off=sum(one.off for one in counts),
    )


def _by_type(counts: Sequence[Count]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Product type": [one.product_type or NO_TYPE for one in counts],
            "Shown": [one.shown for one in counts],
            "Kept aside": [one.held_back for one in counts],
            "Switched off": [one.off for one in counts],
        }
    )
