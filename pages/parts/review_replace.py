"""Replace a value everywhere in a job: which one, by what, in which rows; then it is confirmed."""

from __future__ import annotations

import streamlit as st

from batch import replace
from batch.fields import Field, FieldType
from batch.replace import Count
from batch.review import Reviewer
from batch.review_rows import originals
from core.errors import ShopkeeperError
from core.values import Scalar, Value
from pages.parts import review_sitting, words
from pages.parts.escape import html, one_line, plain
from pages.parts.review_sitting import Sitting

#: Rows shown before it is done.
_SHOWN = 5
_OPEN = "review-replace-open"


def open_it() -> None:
    """Have the dialog drawn from now on."""
    st.session_state[_OPEN] = True


def _close() -> None:
    st.session_state.pop(_OPEN, None)
    _forget()


def draw(who: Reviewer, sitting: Sitting) -> None:
    """Draw the dialog, if it is open."""
    if st.session_state.get(_OPEN):
        _ask(who, sitting)


@st.dialog("Replace a value everywhere", width="medium", on_dismiss=_close)
def _ask(who: Reviewer, sitting: Sitting) -> None:
    """Draw the dialog; it ends by doing it, or with the cross."""
    fields = list(who.job.fields)
    field = st.selectbox(
        "Field", fields, format_func=lambda one: one.name, key="replace-field", on_change=_forget
    )
    with st.spinner("Counting the values of this field…"):
        counts = _counts(who, field)
    if not counts:
        st.info(f"No row has a value in “{plain(field.name)}”.")
        return
    old = st.selectbox(
        "Value now",
        counts,
        format_func=lambda one: f"{_text(one.value)} ({words.several(one.rows, 'row')})",
        key=f"replace-old-{field.name}",
    )
    if len(counts) == replace.MOST_VALUES:
        st.caption(f"The {replace.MOST_VALUES} commonest values are listed.")
    new = _new(field)
    _preview(who, field, old)
    _confirm(who, sitting, field, old, new)


def _forget() -> None:
    st.session_state.pop("replace-counts", None)


def _counts(who: Reviewer, field: Field) -> list[Count]:
    held = st.session_state.get("replace-counts")
    if not held or held[:2] != (who.job.id, field.name):
        found = replace.counts(who.db, who.job, field)
        held = st.session_state["replace-counts"] = (who.job.id, field.name, found)
    counts: list[Count] = held[2]
    return counts


def _text(value: Scalar) -> str:
    return one_line(Value(value).text(), 60)


def _new(field: Field) -> str | None:
    key = f"replace-new-{field.name}"
    if field.type is FieldType.BOOLEAN:
        return st.segmented_control("New value", ["yes", "no"], key=key)
    if field.choices:
        return st.selectbox("New value", field.choices, index=None, key=key, placeholder="no value")
    return st.text_input("New value", key=key, placeholder="Leave it empty to clear the value")


def _preview(who: Reviewer, field: Field, old: Count) -> None:
    """Some of the rows that it is about."""
    numbers = replace.having(who.db, who.job, field, old.value, count=_SHOWN)
    cells = originals(who.settings, who.job, numbers)
    lines = "".join(
        f"<li>{number:,} · {html(one_line(review_sitting.title(who.job, cells[number]), 70))}</li>"
        for number in numbers
    )
    more = f"<li>and {old.rows - len(numbers):,} more</li>" if old.rows > len(numbers) else ""
    st.html(f'<ul class="sk-line">{lines}{more}</ul>')


def _confirm(who: Reviewer, sitting: Sitting, field: Field, old: Count, new: str | None) -> None:
    becomes = f"“{one_line(new, 40)}”" if new else "no value"
    st.caption(
        plain(f"“{_text(old.value)}” becomes {becomes} in {words.several(old.rows, 'row')} ")
        + "of this job only. Undo takes all of it back."
    )
    pressed = st.button(
        f"{'Replace' if new else 'Clear'} in {words.several(old.rows, 'row')}",
        key="replace-do",
        type="primary",
    )
    if not pressed:
        return
    bar = st.progress(0.0, text="Replacing…")

    def tell(done: int) -> None:
        bar.progress(min(1.0, done / old.rows), text=f"{done:,} of {old.rows:,} rows")

    try:
        count = replace.replace(who, field, old.value, new, tell)
    except ShopkeeperError as error:
        bar.empty()
        st.error(plain(error.message), icon=":material/error:")
        return
    _close()
    review_sitting.count_again(sitting)
    sitting.said = f"Replaced “{_text(old.value)}” by {becomes} in {words.several(count, 'row')}."
    st.rerun()
