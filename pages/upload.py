"""From a CSV file to a job in four steps."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from batch import uploads
from batch.uploads import Upload
from core.errors import NotFoundError
from pages.parts import columns_step, fields_step, file_step, start_step, trouble
from pages.parts.draft import Draft
from pages.parts.entry import Shop, enter
from pages.parts.steps import Step, current_draft, current_step, forget, path, wanted_upload

MARKED = Path(__file__).parent / "parts" / "marked.css"
STYLES = Path(__file__).parent / "parts" / "upload.css"


def main() -> None:
    """Draw the page."""
    shop = enter("pages/upload.py")
    st.html(MARKED)
    st.html(STYLES)
    st.title("Find product details", anchor=False)
    st.caption("Upload a catalog, say what to look for, and get it back with new columns.")
    upload = _load(shop)
    step = current_step()
    path(step)
    draft = current_draft()
    if upload and draft:
        _step(shop, step, upload, draft)
    else:
        file_step.choose(shop)


def _load(shop: Shop) -> Upload | None:
    """The file being worked on: of this session, or after F5 of the address."""
    draft = current_draft()
    upload_id = draft.upload_id if draft else wanted_upload()
    if not upload_id:
        return None
    try:
        upload = uploads.get(shop.db, upload_id)
    except NotFoundError as error:
        forget()
        trouble.draw(error)
        return None
    if draft is None:
        file_step.take_up(shop, upload)
    return upload


def _step(shop: Shop, step: Step, upload: Upload, draft: Draft) -> None:
    if step is Step.FILE:
        file_step.draw(shop, upload)
    elif step is Step.COLUMNS:
        columns_step.draw(shop, upload, draft)
    elif step is Step.FIELDS:
        fields_step.draw(shop, upload, draft)
    else:
        start_step.draw(shop, upload, draft)


main()
