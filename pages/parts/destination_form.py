"""The form that a destination is set up with, a kind at a time."""

from __future__ import annotations

from typing import Any

import streamlit as st

from batch.destination_options import (
    ChatOptions,
    DestinationKind,
    Encryption,
    FileOptions,
    Options,
    SqlOptions,
    SqlSystem,
    WebhookOptions,
)
from batch.destinations import MAX_NAME, Destination
from batch.download_forms import Form
from pages.parts.destination_words import ENCRYPTIONS, SYSTEMS

KEPT = "Stored. Leave it empty to keep it"
_NAMES = {
    DestinationKind.SQL: "Product database",
    DestinationKind.WEBHOOK: "Web shop",
    DestinationKind.FILE: "Nightly file",
    DestinationKind.CHAT: "Chat",
}
_FORMS = {
    Form.CSV: "CSV",
    Form.XLSX: "Excel",
    Form.PARQUET: "Parquet",
    Form.JSONL: "JSON lines",
    Form.GOOGLE: "Google Merchant feed (TSV)",
    Form.GOOGLE_XML: "Google Merchant feed (XML)",
    Form.SHOPIFY: "Shopify products (CSV)",
    Form.FAILED: "Failed rows (CSV)",
}
_GUARDS = {
    None: "Harmless in CSV and Excel, left alone in feeds",
    True: "Harmless in every format",
    False: "Left alone",
}

Given = dict[str, Any]


def ask(kind: DestinationKind, before: Destination | None) -> tuple[str, Given, bool]:
    """Draw the form.

    Args:
        before: The destination that is to be changed; None: a new one.

    Returns:
        The name, what was typed, and whether it is to be saved.
    """
    at = before.id if before else "new"
    system = _system(before, at) if kind is DestinationKind.SQL else None
    with st.form(f"destination-{at}-{kind}-{system or ''}", border=False):
        name = st.text_input(
            "What you call it",
            before.name if before else "",
            key=f"name-{at}-{kind}",
            max_chars=MAX_NAME,
            placeholder=_NAMES[kind],
        )
        given = _parts(kind, before, at, system)
        # A new webhook has to be told its secret before a test can work.
        tests = before or kind is not DestinationKind.WEBHOOK
        label = "Save and test" if tests else "Save"
        saved = st.form_submit_button(
            label, type="primary", key=f"save-{at}", icon=":material/save:"
        )
    return name or (_NAMES[kind] if not before else ""), given, saved


def _parts(
    kind: DestinationKind, before: Destination | None, at: str, system: SqlSystem | None
) -> Given:
    options = before.options if before else None
    kept = bool(before and before.has_secret)
    if kind is DestinationKind.SQL:
        assert system is not None
        if system is SqlSystem.SQLITE:
            return _sqlite(options, at)
        return _server(options, at, system, kept=kept)
    if kind is DestinationKind.WEBHOOK:
        return _webhook(options, at, kept=kept)
    if kind is DestinationKind.FILE:
        return _file(options, at, kept=kept)
    alone = options.alone if isinstance(options, ChatOptions) else False
    taken_off = st.checkbox("Take all other products off the shelves", alone, key=f"alone-{at}")
    return {"alone": taken_off}


def _system(before: Destination | None, at: str) -> SqlSystem:
    known = before.options.system if before and isinstance(before.options, SqlOptions) else None
    chosen = st.segmented_control(
        "Database",
        list(SYSTEMS),
        default=known or SqlSystem.POSTGRES,
        required=True,
        format_func=lambda one: SYSTEMS[one],
        key=f"system-{at}",
    )
    assert chosen is not None
    return chosen


def _server(options: Options | None, at: str, system: SqlSystem, *, kept: bool) -> Given:
    known = options if isinstance(options, SqlOptions) else None
    usual = 5432 if system is SqlSystem.POSTGRES else 3306
    with st.container(horizontal=True):
        host = st.text_input(
            "Server", (known and known.host) or "", key=f"host-{at}", placeholder="db.example.com"
        )
        port = st.number_input(
            "Port", 1, 65535, (known and known.port) or usual, key=f"port-{at}-{system}", width=130
        )
    with st.container(horizontal=True):
        database = st.text_input(
            "Name of the database",
            known.database if known else "",
            key=f"database-{at}",
            placeholder="shop",
        )
        table = _table(known, at)
    with st.container(horizontal=True):
        user = st.text_input("User", known.user if known else "", key=f"user-{at}")
        password = _secret("Password", f"password-{at}", kept=kept)
    encryption = st.selectbox(
        "Encrypt the connection",
        list(ENCRYPTIONS),
        index=list(ENCRYPTIONS).index(known.encryption if known else Encryption.OFFERED),
        format_func=lambda one: ENCRYPTIONS[one],
        key=f"encryption-{at}",
    )
    return {
        "system": system,
        "host": host,
        "port": port,
        "database": database,
        "table": table,
        "user": user,
        "password": password,
        "encryption": encryption,
        "adds_columns": _adds_columns(known, at),
    }


def _sqlite(options: Options | None, at: str) -> Given:
    known = options if isinstance(options, SqlOptions) else None
    with st.container(horizontal=True):
        database = st.text_input(
            "File",
            known.database if known else "",
            key=f"file-{at}",
            placeholder="products.db",
            help="In the folder for exports of the machine that Shopkeeper runs on.",
        )
        table = _table(known, at)
    adds = _adds_columns(known, at)
    return {
        "system": SqlSystem.SQLITE,
        "database": database,
        "table": table,
        "adds_columns": adds,
    }


def _table(known: SqlOptions | None, at: str) -> str:
    return st.text_input(
        "Table",
        known.table if known else "products",
        key=f"table-{at}",
        help="It is made if it is not there. One that is there needs a column product_id as "
        "its key.",
    )


def _adds_columns(known: SqlOptions | None, at: str) -> bool:
    return st.checkbox(
        "Add a column for every new field by itself",
        known.adds_columns if known else True,
        key=f"adds-{at}",
    )


def _webhook(options: Options | None, at: str, *, kept: bool) -> Given:
    known = options if isinstance(options, WebhookOptions) else None
    address = st.text_input(
        "Address",
        known.address if known else "",
        key=f"address-{at}",
        placeholder="https://shop.example.com/hooks/products",
        help="What stands after a ? is kept secret"
        + (", and has to be typed again when this is changed." if kept else "."),
    )
    at_once = st.number_input(
        "Products in one message",
        1,
        1000,
        known.rows_at_once if known else 100,
        key=f"at-once-{at}",
        width=240,
    )
    return {"address": address, "rows_at_once": at_once}


def _file(options: Options | None, at: str, *, kept: bool) -> Given:
    known = options if isinstance(options, FileOptions) else None
    folder = st.text_input(
        "Folder",
        known.folder if known else "",
        key=f"folder-{at}",
        placeholder="feeds, or s3://bucket/folder",
        help="A folder below the one for exports, or an address of an object store or a server: "
        "s3://, gs://, sftp://, ftps://, ftp://. With the keys of this machine only below what "
        "SHOPKEEPER_EXPORT_STORES names; else give its own login below.",
    )
    with st.container(horizontal=True):
        name = st.text_input(
            "Name of the file",
            known.name if known else "{job}",
            key=f"file-name-{at}",
            help="{job}, {date} and {time} are filled in. With the same name, the file is "
            "replaced each time.",
        )
        form = st.selectbox(
            "Format",
            list(_FORMS),
            index=list(_FORMS).index(known.form) if known else 0,
            format_func=lambda one: _FORMS[one],
            key=f"form-{at}",
        )
    return {
        "folder": folder,
        "name": name,
        "form": form,
        **_content(known, at),
        **_login(known, at, kept=kept),
    }


def _content(known: FileOptions | None, at: str) -> Given:
    """What the file holds beside the usual."""
    with st.expander("More about what the file holds"):
        as_uploaded = st.checkbox(
            "CSV with the separator and encoding of the uploaded file",
            known.as_uploaded if known else False,
            key=f"as-uploaded-{at}",
        )
        provenance = st.checkbox(
            "CSV, Excel, Parquet with where each value came from",
            known.provenance if known else False,
            key=f"provenance-{at}",
        )
        guard = st.selectbox(
            "Cells that a spreadsheet would run as formulas",
            list(_GUARDS),
            index=list(_GUARDS).index(known.guard if known else None),
            format_func=lambda one: _GUARDS[one],
            key=f"guard-{at}",
            help="A cell such as =HYPERLINK(…) is kept as text, in a CSV with an apostrophe in "
            "front. Who reads a feed would show the apostrophe to shoppers.",
        )
        complete_only = st.checkbox(
            "Feeds without the products that would be refused",
            known.complete_only if known else False,
            key=f"complete-{at}",
        )
    return {
        "as_uploaded": as_uploaded,
        "provenance": provenance,
        "guard": guard,
        "complete_only": complete_only,
    }


def _login(known: FileOptions | None, at: str, *, kept: bool) -> Given:
    with st.expander("Login of the store or the server", expanded=bool(known and known.user)):
        with st.container(horizontal=True):
            user = st.text_input("User or access key", known.user if known else "", key=f"key-{at}")
            password = _secret("Password or secret key", f"secret-{at}", kept=kept)
        st.caption(
            "By ftp:// the password and the file go in the clear. Take sftp:// or ftps:// if the "
            "server has it."
        )
        with st.container(horizontal=True):
            endpoint = st.text_input(
                "Server of the store, if it is not Amazon's",
                (known and known.endpoint) or "",
                key=f"endpoint-{at}",
                placeholder="https://minio.example.com",
            )
            region = st.text_input(
                "Region", known.region if known else "", key=f"region-{at}", placeholder="eu-west-1"
            )
    return {"user": user, "password": password, "endpoint": endpoint, "region": region}


def _secret(label: str, key: str, *, kept: bool) -> str:
    return st.text_input(
        label,
        type="password",
        key=key,
        autocomplete="new-password",
        placeholder=KEPT if kept else None,
    )
