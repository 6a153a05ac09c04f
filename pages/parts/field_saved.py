"""Fields kept for the next catalog: saved under a name or as a file, and used again."""

from __future__ import annotations

import time

import streamlit as st

from batch import field_sets
from batch.field_sets import SavedSet
from batch.plan import Plan
from batch.plan_file import check_plan, dump_plan, parse_plan
from batch.result_files import safe_name
from batch.uploads import Upload
from core.errors import FieldsError
from pages.parts import draft as drafts
from pages.parts import question, trouble, words
from pages.parts.draft import Draft
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.steps import keep
from pages.parts.telling import tell

MAX_FILE_MB = 1
_TO_DELETE = "field_set_to_delete"
_LAST_NAME = "field_set_name"


def saved_sets(shop: Shop, upload: Upload, draft: Draft) -> None:
    """Draw the saved sets with their versions, and the way to load a file."""
    key = f"saved-{draft.generation}"
    with st.popover("Saved sets", icon=":material/bookmarks:", key=key):
        found = field_sets.listing(shop.db)
        if found:
            _saved(shop, upload, draft, found)
        else:
            st.caption("Nothing is saved yet. “Save as…” keeps these fields for the next catalog.")
        _import(upload, draft)


def _saved(shop: Shop, upload: Upload, draft: Draft, found: list[SavedSet]) -> None:
    name = st.selectbox("Saved set", [one.name for one in found], key="saved-name")
    versions = field_sets.versions(shop.db, name)
    chosen = st.selectbox("Version", versions, format_func=_when, key=f"saved-version-{name}")
    if chosen is None:
        return
    st.caption(_contents(chosen.plan))
    with st.container(horizontal=True):
        if st.button("Use it", key="use-saved", type="primary"):
            _take(upload, draft, chosen.plan)
        st.button(
            "Delete…",
            key="delete-saved",
            type="tertiary",
            icon=":material/delete:",
            on_click=_ask_to_delete,
            args=(chosen.name,),
        )


def _when(one: SavedSet) -> str:
    moment = words.moment(one.created_at, time.time(), words.zone(st.context.timezone))
    return f"Version {one.version} · {moment}"


def _contents(plan: Plan) -> str:
    names = plain(one_line(", ".join(field.name for field in plan.fields), 120))
    text = f"{words.several(len(plan.fields), 'field')}: {names}."
    if plan.sets:
        text += f" Others for {plain(one_line(', '.join(plan.sets), 80))}."
    return text


def _import(upload: Upload, draft: Draft) -> None:
    file = st.file_uploader(
        "Or a fields file (JSON)",
        type=["json"],
        max_upload_size=MAX_FILE_MB,
        key=f"json-{draft.generation}",
    )
    if file is None:
        return
    try:
        plan = parse_plan(file.getvalue())
    except FieldsError as error:
        trouble.draw(error)
        return
    _take(upload, draft, plan)


def _take(upload: Upload, draft: Draft, plan: Plan) -> None:
    """Take a plan over; one without product types replaces only what is shown."""
    try:
        check_plan(plan, upload.catalog.columns)
    except FieldsError as error:
        trouble.draw(error)
        return
    keep(drafts.replaced_all(draft, plan) if plan.by else drafts.replaced(draft, plan.fields))
    st.rerun()


def save_as(shop: Shop, draft: Draft) -> None:
    """Draw the ways to keep the fields: under a name, or as a file."""
    with st.popover("Save as…", icon=":material/save:", key="save-as"):
        name = st.text_input(
            "Name of the field set",
            st.session_state.get(_LAST_NAME, ""),
            max_chars=field_sets.MAX_NAME,
            key="set-name",
            placeholder="Spring range",
        )
        st.caption("A name that is there already gets a new version; earlier ones are kept.")
        with st.container(horizontal=True):
            if st.button("Save", key="save-set", type="primary"):
                _save(shop, draft, name)
            st.download_button(
                "Save as a file",
                dump_plan(draft.plan),
                safe_name(name.strip() or "fields", ".json"),
                "application/json",
                icon=":material/download:",
                on_click="ignore",
                key="export",
            )


def _save(shop: Shop, draft: Draft, name: str) -> None:
    begun = time.time()
    try:
        saved = field_sets.save(shop.db, name, drafts.checked_plan(draft))
    except FieldsError as error:
        trouble.draw(error)
        return
    st.session_state[_LAST_NAME] = saved.name
    new = saved.created_at >= begun
    tell(
        f"Saved “{saved.name}”, version {saved.version}."
        if new
        else f"“{saved.name}” has these fields already, as version {saved.version}."
    )
    st.rerun()


def _ask_to_delete(name: str) -> None:
    # Asked by the page: a dialog inside a popover would close with it.
    st.session_state[_TO_DELETE] = name


def confirm_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for."""
    if name := st.session_state.pop(_TO_DELETE, None):
        _confirm(shop, name)


@st.dialog("Delete this saved set?")
def _confirm(shop: Shop, name: str) -> None:
    count = len(field_sets.versions(shop.db, name))
    st.markdown(
        f"“{plain(name)}” and its {words.several(count, 'version')} will be gone for good. "
        "Jobs and the fields below stay as they are."
    )
    question.answers("set", "Delete it", _delete, shop, name)


def _delete(shop: Shop, name: str) -> None:
    field_sets.delete(shop.db, name)
    tell(f"“{name}” is deleted.")
