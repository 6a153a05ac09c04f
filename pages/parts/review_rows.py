"""The page of rows: the open one with its text and its values, the others in a line each."""

from __future__ import annotations

import streamlit as st

from batch.fields import Field
from batch.review import Reviewer
from batch.review_queue import State
from batch.reviewed import ReviewRow
from pages.parts import review_acts, review_fields, review_html, review_sitting, words
from pages.parts.escape import html, one_line, plain
from pages.parts.marked_text import read_html
from pages.parts.review_fields import widget_key
from pages.parts.review_sitting import Sitting

_TITLE = 70


def draw(who: Reviewer, sitting: Sitting, rows: list[ReviewRow]) -> None:
    """Draw the rows of the page."""
    for row in rows:
        if row.row_no == sitting.open_no:
            _open(who, sitting, row)
        else:
            _line(who, sitting, row)
    _foot(who, sitting, rows)


def _line(who: Reviewer, sitting: Sitting, row: ReviewRow) -> None:
    name = one_line(review_sitting.title(who.job, row.result.original), _TITLE)
    with st.container(key=f"review-line-{row.row_no}", gap=None):
        st.button(
            f"**{row.row_no:,}** · {plain(name)}",
            key=f"review-open-{row.row_no}",
            type="tertiary",
            icon=":material/check_circle:" if row.approved else ":material/chevron_right:",
            on_click=review_acts.open_row,
            args=(sitting, row.row_no),
        )
        if not row.approved or sitting.wanted.state is not State.OPEN:
            st.html(review_html.line_html(row, review_sitting.fields_of(who, row)))


def _open(who: Reviewer, sitting: Sitting, row: ReviewRow) -> None:
    fields = review_sitting.fields_of(who, row)
    with st.container(border=True, key=f"review-row-{row.row_no}", gap="small"):
        _head(who, sitting, row)
        source, values = st.columns([5, 9], gap="medium")
        with source:
            found = row.result
            st.html(read_html(found.original, who.job.columns, found.values, fields))
        with values, st.container(key=f"review-values-{row.row_no}"):
            for number, field in enumerate(fields):
                _value(who, sitting, row, number, field)
        _actions(who, sitting, row)


def _head(who: Reviewer, sitting: Sitting, row: ReviewRow) -> None:
    at = sitting.row_nos.index(row.row_no) + 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = one_line(review_sitting.title(who.job, row.result.original), _TITLE)
        st.markdown(f"**{row.row_no:,} · {plain(name)}**")
        if row.result.product_type:
            st.badge(plain(one_line(row.result.product_type, 40)), color="gray")
        if row.approved:
            mine = "by you" if row.reviewed_by == who.name else "by somebody else"
            st.badge(f"Approved {mine}", icon=":material/check:", color="green")
        st.caption(f"{at} of {len(sitting.row_nos)} on this page")
    for doubt in row.doubts():
        if doubt.field is None:
            detail = f": “{one_line(doubt.detail, 120)}”" if doubt.detail else ""
            st.html(f'<div class="sk-doubt sk-line">? {html(doubt.reason + detail)}</div>')


def _value(who: Reviewer, sitting: Sitting, row: ReviewRow, number: int, field: Field) -> None:
    value = row.result.values.get(field.name)
    place = (row.row_no, field.name)
    key = widget_key(who.job.id, row.row_no, field)
    refused = sitting.refused.get(place, "")
    now = review_fields.shown(field, value)
    # What was refused stays as it was typed. Set only where it differs: setting it would
    # take away what is being typed at this moment.
    if not refused and st.session_state.get(key, _NOT_DRAWN) != now:
        st.session_state[key] = now
    name, widget, why = st.columns([4, 8, 6], gap="small")
    with name:
        st.html(review_html.name_html(number, field.name))
    with widget:
        first = (row.extracted or row.result.values).get(field.name)
        review_fields.draw(field, key, first, review_acts.save, who, sitting, row.row_no, field)
    with why:
        doubts = [one for one in row.doubts() if one.field == field.name]
        st.html(review_html.why_html(value, doubts, refused))
    if place in sitting.overtaken:
        _choice(who, sitting, row, field)


_NOT_DRAWN = object()


def _choice(who: Reviewer, sitting: Sitting, row: ReviewRow, field: Field) -> None:
    """Between what this person typed and what somebody else has made of it."""
    theirs = row.result.values.get(field.name)
    said = f"“{one_line(theirs.text(), 60)}”" if theirs else "no value"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(f"Now it is {said}. What you typed is still there."))
        st.button(
            "Keep mine",
            key=f"review-mine-{row.row_no}-{field.name}",
            on_click=review_acts.keep_mine,
            args=(who, sitting, row.row_no, field),
        )
        st.button(
            "Take theirs",
            key=f"review-theirs-{row.row_no}-{field.name}",
            on_click=review_acts.take_theirs,
            args=(sitting, row.row_no, field),
        )


def _actions(who: Reviewer, sitting: Sitting, row: ReviewRow) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="review-actions"
    ):
        if row.approved:
            st.button(
                "Review again",
                key="review-reopen",
                icon=":material/undo:",
                on_click=review_acts.reopen,
                args=(who, sitting, row.row_no),
            )
        else:
            st.button(
                "Approve and next",
                key="review-approve",
                type="primary",
                icon=":material/check:",
                shortcut="A",
                on_click=review_acts.approve,
                args=(who, sitting, row.row_no),
            )
        st.button(
            "Next" if row.approved else "Skip",
            key="review-skip",
            icon=":material/skip_next:",
            shortcut="S",
            on_click=review_acts.skip,
            args=(who, sitting, row.row_no),
        )


def _foot(who: Reviewer, sitting: Sitting, rows: list[ReviewRow]) -> None:
    waiting = sum(not one.approved for one in rows)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(sitting.starts) > 1:
            st.button(
                "Page before",
                key="review-back",
                icon=":material/arrow_back:",
                on_click=review_sitting.back,
                args=(who, sitting),
            )
        if waiting:
            st.button(
                f"Approve all {waiting} of this page"
                if waiting > 1
                else f"Approve the {words.several(waiting, 'row')} of this page",
                key="review-approve-page",
                icon=":material/done_all:",
                on_click=review_acts.approve_page,
                args=(who, sitting),
            )
        if sitting.next is not None:
            st.button(
                "Next page",
                key="review-turn",
                icon=":material/arrow_forward:",
                on_click=review_sitting.turn,
                args=(who, sitting),
            )
