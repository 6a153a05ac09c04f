"""The way from a job's results to a file: what it looks like, which rows, how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from batch import choice as choices
from batch.choice import Choice
from batch.download_forms import Form, Options
from batch.jobs import Job
from pages.parts import job_feed, words
from pages.parts.destination_words import CHOICES
from pages.parts.download_address import download_address
from pages.parts.entry import Shop
from pages.parts.trouble import boxed


@dataclass(frozen=True, slots=True)
class Offer:
    """A form as it is offered: its name, and whom it is for."""

    label: str
    meant_for: str


_OFFERS: Mapping[Form, Offer] = {
    Form.CSV: Offer("CSV", "Your columns as they were, then the new ones. Opens everywhere."),
    Form.XLSX: Offer("Excel", "Your columns as they were, then the new ones, as a workbook."),
    Form.GOOGLE: Offer("Google Merchant feed (TSV)", "For Google's Merchant Center."),
    Form.GOOGLE_XML: Offer("Google Merchant feed (XML)", "For Google's Merchant Center."),
    Form.SHOPIFY: Offer(
        "Shopify products (CSV)",
        "For Shopify's product import; new details become metafields.",
    ),
    Form.PARQUET: Offer("Parquet", "Typed columns, for data people."),
    Form.JSONL: Offer(
        "JSON lines", "For programs: typed values, and where in the row each one stands."
    ),
    Form.FAILED: Offer("Failed rows (CSV)", "The rows that failed, with the reasons."),
}
_SHEETS = (Form.CSV, Form.XLSX, Form.PARQUET)
_WITHOUT_OPTIONS = (Form.JSONL, Form.GOOGLE_XML)
_GUARDED = (Form.CSV, Form.XLSX, Form.FAILED)
#: Excel's format cannot be sent before it is whole; from so many rows on that takes a while.
_LARGE = 20_000


def files(shop: Shop, job: Job) -> None:
    """Draw the downloads; a file is made while it is fetched."""
    st.fragment(_files)(shop, job)


def _files(shop: Shop, job: Job) -> None:
    with boxed(), st.container(border=True, gap="small", key=f"files-{job.id}"):
        counts = choices.counts(shop.db, job)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            form = _form(job)
            choice = _rows(job, form, counts)
            options = _options(job, form)
            button = st.container(width="content")
        st.caption(_said(job, form, choice, counts))
        if form.feed is not None:
            options = job_feed.draw(shop, job, form, choice, counts[choice], options)
        button.link_button(
            "Download",
            download_address(job.id, form, choice, options),
            type="primary",
            icon=":material/download:",
            disabled=not (job.failed if form is Form.FAILED else _there(job, choice, counts)),
        )


def _form(job: Job) -> Form:
    offered = [one for one in _OFFERS if one is not Form.FAILED or job.failed]
    return st.selectbox(
        "Format",
        offered,
        format_func=lambda one: _OFFERS[one].label,
        key=f"form-{job.id}",
        width=260,
    )


def _rows(job: Job, form: Form, counts: Mapping[Choice, int]) -> Choice:
    if form is Form.FAILED:
        return Choice.ALL
    return st.selectbox(
        "Rows",
        list(CHOICES),
        format_func=lambda one: f"{CHOICES[one]} ({counts[one]:,})",
        key=f"rows-{job.id}",
        width=220,
    )


def _options(job: Job, form: Form) -> Options:
    """The options that this form has, behind a button; as usual where it has none."""
    if form in _WITHOUT_OPTIONS:
        return Options()
    with st.popover("Options", icon=":material/tune:"):
        return Options(
            as_uploaded=form is Form.CSV and _as_uploaded(job),
            provenance=form in _SHEETS and _provenance(job),
            guard=None if form is Form.PARQUET else _guard(job, form),
        )


def _as_uploaded(job: Job) -> bool:
    return st.toggle(
        "Written like your file",
        key=f"as-uploaded-{job.id}",
        help="With the separator, quotes, line ends and encoding of the file that you uploaded. "
        "Letters that its encoding does not have become the nearest ones, or “?”.",
    )


def _provenance(job: Job) -> bool:
    return st.toggle(
        "Say where each value comes from",
        key=f"provenance-{job.id}",
        help="More columns at the end: whether it is written in the row, concluded or entered by "
        "a person, in which column it stands, in which words, and how sure the model was; and "
        "how it stands with the row.",
    )


def _guard(job: Job, form: Form) -> bool | None:
    usual = form in _GUARDED
    wanted = st.toggle(
        "Make formulas harmless",
        value=usual,
        key=f"guard-{form}-{job.id}",
        help="A cell such as =HYPERLINK(…) would be run by a spreadsheet that opens the file. "
        + (
            "It is kept as text, in a CSV with an apostrophe in front."
            if usual
            else "An apostrophe in front prevents that; shoppers would see it, too."
        ),
    )
    return None if wanted == usual else wanted


def _there(job: Job, choice: Choice, counts: Mapping[Choice, int]) -> int:
    """How many of these rows are worth a file: none so long as no row has ended."""
    return counts[choice] if job.done + job.failed else 0


def _said(job: Job, form: Form, choice: Choice, counts: Mapping[Choice, int]) -> str:
    said = [_OFFERS[form].meant_for]
    if form is not Form.FAILED and not _there(job, choice, counts):
        said = [_EMPTY[choice]]
    elif form is Form.XLSX and counts[choice] > _LARGE:
        seconds = words.about(counts[choice] / 4000)
        said.append(f"It is put together first: the download begins after {seconds}.")
    elif choice is Choice.ALL and job.waiting:
        said.append("Rows that are still waiting have empty new cells.")
    return " ".join(said)


_EMPTY = {
    Choice.ALL: "No row is done yet.",
    Choice.DONE: "No row is done yet.",
    Choice.APPROVED: "No row is approved yet. Approve rows on the Review page.",
    Choice.FLAGGED: "No row is flagged: nothing doubtful was found.",
}
