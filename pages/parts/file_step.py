"""Step 1: choose a file, and see that it was read as it was meant."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import uploads
from batch.dialect import NO_DELIMITER
from batch.field_templates import GENERAL, template
from batch.notes import Note
from batch.plan import Plan
from batch.uploads import Stage, Upload
from core.errors import CatalogError, SettingError
from core.settings import SAMPLE
from pages.parts import trouble, words
from pages.parts.arrivals import arrived
from pages.parts.draft import begin, job_name
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.field_wanted import with_what_is_wanted
from pages.parts.steps import Step, forget, keep, onward

PREVIEW_ROWS = 20
NOTES_SHOWN = 8
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", NO_DELIMITER: "none"}
_ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "latin-1": "Latin-1"}
_ROUND = "upload_round"


def choose(shop: Shop) -> None:
    """Draw the ways to bring a file."""
    upload_round = st.session_state.setdefault(_ROUND, 0)
    file = st.file_uploader(
        "Your catalog as a CSV file",
        type=["csv", "txt", "tsv"],
        max_upload_size=shop.settings.upload_limit_mb,
        key=f"file-{upload_round}",
        help="Comma, semicolon, tab or pipe; any common encoding.",
    )
    st.caption(
        f"Up to {shop.settings.upload_limit_mb:,} MB. Split a larger file, or have whoever runs "
        "Shopkeeper raise `SHOPKEEPER_UPLOAD_LIMIT_MB` and start it again."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        sample = st.button("Use the sample catalog", icon=":material/storefront:", key="sample")
        st.caption("No file at hand? The sample is an outdoor and home shop of 274 products.")
    if file is not None:
        # In a new round the uploader is empty: another file may be chosen.
        st.session_state[_ROUND] += 1
        with arrived(shop.settings, file) as data:
            _take(shop, file.name, data)
    elif sample:
        with (SAMPLE / "catalog.csv").open("rb") as data:
            _take(shop, "Fernhill sample.csv", data)


def _take(shop: Shop, name: str, data: BinaryIO) -> None:
    bar = st.progress(0.0, text="Storing the file…")

    def show(stage: Stage, done: int, whole: int) -> None:
        text = f"{stage}: {words.file_size(done)} of {words.file_size(whole)}"
        bar.progress(min(1.0, done / whole) if whole else 0.0, text=text)

    try:
        upload = uploads.store(shop.settings, shop.db, name, data, show)
    except (CatalogError, SettingError) as error:
        bar.empty()
        trouble.draw(error)
        return
    take_up(shop, upload)
    st.rerun()


def take_up(shop: Shop, upload: Upload) -> None:
    """Begin a draft for an upload."""
    now = datetime.now(words.zone(st.context.timezone))
    guessed = uploads.guess(shop.settings, upload)
    draft = begin(upload.id, guessed, Plan(template(GENERAL)), job_name(upload.name, now))
    keep(with_what_is_wanted(draft))


def draw(shop: Shop, upload: Upload) -> None:
    """Draw what was read."""
    catalog = upload.catalog
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(upload.name)}**")
        st.button("Choose another file", key="another", type="tertiary", on_click=forget)
    st.caption(
        f"{words.several(catalog.rows, 'row')} · "
        f"{words.several(len(catalog.columns), 'column')} · "
        f"{words.file_size(catalog.size_bytes)} · "
        f"{_ENCODINGS.get(catalog.dialect.encoding, catalog.dialect.encoding.upper())} · "
        f"separator: {_SEPARATORS.get(catalog.dialect.delimiter, 'unusual')}"
    )
    notes(catalog.notes)
    rows = uploads.preview(shop.settings, upload, PREVIEW_ROWS)
    table = pd.DataFrame(rows, columns=list(catalog.columns), index=range(1, len(rows) + 1))
    st.dataframe(table, key="preview")
    st.caption(f"The first {words.several(len(rows), 'row')}, as in the file.")
    onward(Step.FILE, ready=True)


def notes(found: tuple[Note, ...]) -> None:
    """Draw notes: the first few at once, the others on demand."""
    if not found:
        return
    title = f"{words.several(len(found), 'thing')} to know about this file"
    with st.container(border=True, gap="xsmall"):
        st.markdown(f":material/info: **{title}**")
        st.markdown("\n".join(f"- {_sentence(note)}" for note in found[:NOTES_SHOWN]))
        rest = found[NOTES_SHOWN:]
        if rest:
            with st.expander(f"{words.several(len(rest), 'more note', 'more notes')}"):
                st.markdown("\n".join(f"- {_sentence(note)}" for note in rest))


def _sentence(note: Note) -> str:
    """A note with the place it is about, unless its words name the place already."""
    places = []
    if note.row and f"{note.row:,}" not in note.message:
        places.append(f"row {note.row:,}")
    if note.column and note.column not in note.message:
        places.append(f"column “{note.column}”")
    where = f" ({', '.join(places)})" if places else ""
    return plain(f"{note.message}{where}")
