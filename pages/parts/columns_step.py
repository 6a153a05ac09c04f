"""Step 2: which column holds what; guessed, marked as a guess, correctable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from batch import uploads
from batch.columns import Columns
from batch.notes import Note
from batch.uploads import Upload
from core.settings import Settings
from pages.parts.draft import Draft
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.file_step import notes
from pages.parts.steps import Step, current_draft, keep, onward

ROLES = {
    "id": "Product number",
    "title": "Title",
    "description": "Description",
    "price": "Price",
    "currency": "Currency",
    "stock": "Stock",
    "department": "Department",
    "image": "Image",
    "url": "Web page",
}
_GUESSED = " :gray-badge[guessed]"
_EXAMPLES = 3


def draw(shop: Shop, upload: Upload, draft: Draft) -> None:
    """Draw the step."""
    st.caption("We looked at the names and the first rows. Please correct what is wrong.")
    rows = uploads.preview(shop.settings, upload, 50)
    with st.grid(3, min_column_width=230, gap="medium"):
        for role in ROLES:
            with st.container(gap="xxsmall"):
                _role(role, upload.catalog.columns, draft, rows)
    _read_columns(upload, draft)
    if draft.columns.id is None:
        st.caption("Without a product number, products are told apart by their row.")
    notes(_id_notes(shop.settings, upload, draft.columns, (upload.id, draft.columns.id)))
    ready = bool(draft.columns.text)
    onward(Step.COLUMNS, ready=ready, reason="Choose at least one column to read.")


@st.cache_data(show_spinner="Looking for products with the same number…", max_entries=20)
def _id_notes(
    _settings: Settings, _upload: Upload, _columns: Columns, key: tuple[str, str | None]
) -> tuple[Note, ...]:
    """Read once for each choice: it goes through the whole file."""
    return uploads.id_notes(_settings, _upload, _columns)


def _role(role: str, columns: Sequence[str], draft: Draft, rows: Sequence[dict[str, str]]) -> None:
    chosen: str | None = getattr(draft.columns, role)
    options = [None, *columns]
    st.selectbox(
        ROLES[role] + (_GUESSED if chosen and chosen == getattr(draft.guessed, role) else ""),
        options,
        index=options.index(chosen) if chosen in options else 0,
        format_func=lambda name: "– none –" if name is None else name,
        key=f"role-{role}-{draft.upload_id}",
        on_change=_choose,
        args=(role, f"role-{role}-{draft.upload_id}"),
    )
    st.caption(_examples(chosen, rows))


def _examples(column: str | None, rows: Sequence[dict[str, str]]) -> str:
    """The first different values of a column, so that a wrong choice is seen."""
    if column is None:
        return "not in this file"
    values = dict.fromkeys(one_line(row.get(column, ""), 24) for row in rows)
    shown = [plain(value) for value in values if value][:_EXAMPLES]
    return "e.g. " + " · ".join(shown) if shown else "empty in the first rows"


def _choose(role: str, key: str) -> None:
    draft = current_draft()
    if draft:
        chosen = st.session_state[key]
        keep(replace(draft, columns=replace(draft.columns, **{role: chosen})))


def _read_columns(upload: Upload, draft: Draft) -> None:
    key = f"text-{draft.upload_id}"
    guessed = draft.columns.text == draft.guessed.text
    st.multiselect(
        "Columns to find the details in" + (_GUESSED if guessed else ""),
        upload.catalog.columns,
        default=list(draft.columns.text),
        key=key,
        on_change=_read,
        args=(key,),
        help="The model reads these columns of every product. Fewer columns are read faster.",
    )


def _read(key: str) -> None:
    draft = current_draft()
    if draft:
        columns: Columns = replace(draft.columns, text=tuple(st.session_state[key]))
        keep(replace(draft, columns=columns))
