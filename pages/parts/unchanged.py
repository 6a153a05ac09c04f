"""How many rows of a catalog were read before: what a job will cost, told before it starts."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from batch import memory
from batch.forecast import Forecast, forecast
from batch.plan import Plan
from batch.uploads import Upload
from core.errors import SettingError
from core.roster import configured
from pages.parts.draft import Draft
from pages.parts.entry import Shop

_FOUND = "forecast"
_FRESH = "fresh"


def look(
    shop: Shop, upload: Upload, draft: Draft, plan: Plan, only: str | None = None
) -> Forecast | None:
    """Draw how many rows are unchanged, and the choice to read them all the same.

    Looks through the catalog where that was not done yet for these choices;
    None where the models cannot be told. ``only`` names the one endpoint to ask.
    """
    try:
        answering = memory.models(configured(shop.settings), only)
    except SettingError:
        return None
    found = _found(shop, upload, draft, plan, answering)
    if found.known or found.repeated:
        st.markdown(f":material/history: {_sentence(found)}")
    if found.known:
        st.checkbox(
            "Read the unchanged rows again, too",
            key=_FRESH,
            help="Without it, what was found for them before is taken over, at no cost.",
        )
    return found


def fresh() -> bool:
    """Whether rows that were read before are to be read again."""
    return bool(st.session_state.get(_FRESH))


def count_anew() -> None:
    """Forget how many rows are known: some more have become so."""
    st.session_state.pop(_FOUND, None)


def look_anew() -> None:
    """Forget what was counted: a job that has been started changes it."""
    for key in (_FOUND, _FRESH):
        st.session_state.pop(key, None)


def _found(
    shop: Shop, upload: Upload, draft: Draft, plan: Plan, answering: Collection[str]
) -> Forecast:
    setup = (draft.upload_id, draft.columns, plan, answering)
    last = st.session_state.get(_FOUND)
    if last and last[0] == setup:
        return last[1]  # type: ignore[no-any-return]
    if last:
        look_anew()
    bar = st.progress(0.0, text="Looking for rows that were read before…")

    def show(seen: int, whole: int) -> None:
        text = f"Looking for rows that were read before: {seen:,} of {whole:,}"
        bar.progress(min(1.0, seen / whole), text=text)

    found = forecast(shop.settings, shop.db, upload.id, draft.columns, plan, answering, show)
    bar.empty()
    st.session_state[_FOUND] = (setup, found)
    return found


def _sentence(found: Forecast) -> str:
    """Such as “**9,812 unchanged, 188 to extract.** …”."""
    parts = [f"{found.known:,} unchanged"] if found.known else []
    parts += [f"{found.repeated:,} equal to another row"] if found.repeated else []
    why = "What was found for them before is taken over." if found.known else ""
    return f"**{', '.join(parts)}, {found.to_ask:,} to extract.** {why}".rstrip()
