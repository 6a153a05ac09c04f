"""Whether a job learns from the examples that there are, chosen before it starts."""

from __future__ import annotations

import streamlit as st

from batch import demonstration_list
from batch.columns import Columns
from batch.plan import Plan
from core.settings import Settings
from pages.parts import words
from pages.parts.entry import Shop

LEARNS = "learns"


def draw(shop: Shop, upload_id: str, columns: Columns, plan: Plan) -> bool:
    """Draw the choice and how many examples there are; returns whether the job learns.

    Raises:
        CatalogError: The stored catalog is missing.
    """
    column = plan.by or columns.department
    types = _types(shop.settings, upload_id, column)
    found = demonstration_list.of_types(shop.db, types)
    if not found.shown:
        st.caption(
            "There are no examples yet for the products of this file. Approve results once "
            "they are there, and the next job learns from them."
        )
        return True
    learns = st.toggle("Learn from your examples", value=True, key=LEARNS)
    said = f"{words.several(found.shown, 'example')} fit the products of this file"
    if learns:
        st.caption(f"{said}; with each row the model sees those most like it.")
    else:
        st.caption(f"{said}; the model will see none. Values that you approved still hold.")
    return learns


@st.cache_data(show_spinner="Looking which products there are…", max_entries=50)
def _types(_settings: Settings, upload_id: str, column: str | None) -> frozenset[str]:
    return demonstration_list.types_in(_settings, upload_id, column)
