"""What a job may cost, chosen before it starts; asked only where something has a price."""

from __future__ import annotations

import streamlit as st

from batch.budget import Budget, budget_of, priced_in
from core.endpoints import Endpoint
from pages.parts import when


def draw(provider: Endpoint | None, most: float | None = None) -> float | None:
    """Ask for a budget; returns it in the currency of the models that may read the rows.

    Args:
        provider: The endpoint that takes the rows as batches, if one does.
        most: The largest budget that may be chosen; it holds, too, where none is.
    """
    currencies = priced_in(when.endpoints(), provider.name if provider else None)
    if len(currencies) != 1:
        return None
    return st.number_input(
        f"Budget in {currencies[0]}",
        min_value=0.01,
        max_value=most,
        value=None,
        placeholder="No limit" if most is None else f"{most:,.2f} at most",
        key="job-budget",
        width=240,
        help="The job pauses when its calls have cost as much. You can raise it then."
        if most is None
        else f"The job pauses when its calls have cost as much, and at {most:,.2f} in any case. "
        "An administrator can raise it then.",
    )


def budget(amount: float | None, provider: Endpoint | None) -> Budget | None:
    """The budget as a job has it.

    Raises:
        JobError: Nothing has a price any more.
    """
    if amount is None:
        return None
    return budget_of(amount, when.endpoints(), provider.name if provider else None)
