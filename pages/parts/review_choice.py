"""Which rows to review: to review, approved, all or random ones; by doubt, type and words."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from batch import review_filters
from batch.review import Reviewer
from batch.review_filters import MOST_COUNTED, Overview, Reason
from batch.review_queue import Filter, State
from pages.parts import review_sitting
from pages.parts.escape import one_line, plain
from pages.parts.review_sitting import Sitting

_STATES = {
    State.OPEN: "To review",
    State.APPROVED: "Approved",
    State.ALL: "All",
    State.RANDOM: "Random",
}
_RANDOM_HELP = (
    "Random: rows chosen by chance, to see how right the model is over all rows. "
    "The others begin with the rows that need a person."
)
_ALL_TYPES = "All product types"
_TYPES = "review-types"
_ANY = Reason(None, "", None)


def draw(who: Reviewer, sitting: Sitting) -> None:
    """Draw the choices."""
    job_id = who.job.id
    _keep(f"review-state-{job_id}", sitting.wanted.state)
    _keep(f"review-words-{job_id}", sitting.wanted.words)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Rows",
            list(_STATES),
            format_func=_STATES.__getitem__,
            key=f"review-state-{job_id}",
            required=True,
            label_visibility="collapsed",
            help=_RANDOM_HELP,
            on_change=_choose_state,
            args=(who, sitting),
        )
        if sitting.wanted.state is State.RANDOM:
            st.caption("Chosen by chance, in an order that stays. Take them one after the other.")
            return
        st.text_input(
            "Find",
            key=f"review-words-{job_id}",
            placeholder="Words, id or row number",
            icon=":material/search:",
            width=210,
            label_visibility="collapsed",
            on_change=_find,
            args=(who, sitting),
        )
        _doubts(who, sitting, review_sitting.counted(who, sitting))
        _types(who, sitting)


def _keep(key: str, value: object) -> None:
    if key not in st.session_state:
        st.session_state[key] = value


def _choose_state(who: Reviewer, sitting: Sitting) -> None:
    state = st.session_state[f"review-state-{who.job.id}"]
    review_sitting.choose(who, sitting, Filter(state) if state else Filter())


def _find(who: Reviewer, sitting: Sitting) -> None:
    words = st.session_state[f"review-words-{who.job.id}"] or ""
    review_sitting.choose(who, sitting, replace(sitting.wanted, words=words))


def _doubts(who: Reviewer, sitting: Sitting, found: Overview) -> None:
    """By field and by reason, in one list, with how many rows each has."""
    if not found.reasons:
        return
    by_field: dict[str, int] = {}
    for one in found.reasons:
        if one.field is not None:
            by_field[one.field] = by_field.get(one.field, 0) + (one.rows or 0)
    fields = [Reason(name, "", count) for name, count in by_field.items() if len(by_field) > 1]
    options = [_ANY, *fields, *found.reasons]
    wanted = (sitting.wanted.field, sitting.wanted.reason)
    key = f"review-doubt-{who.job.id}"
    st.session_state[key] = next(
        (one for one in options if (one.field, one.reason or None) == wanted), _ANY
    )
    st.selectbox(
        "Doubt",
        options,
        format_func=lambda one: _line(one, found),
        key=key,
        width=240,
        label_visibility="collapsed",
        on_change=_choose_doubt,
        args=(who, sitting, key),
    )


def _line(one: Reason, found: Overview) -> str:
    if one == _ANY:
        return "Any doubt or none"
    about = f"{one.field}: " if one.field else ""
    reason = one.reason or "any doubt"
    more = "+" if found.capped and one.rows and one.rows >= MOST_COUNTED else ""
    count = f" ({one.rows:,}{more})" if one.rows is not None else ""
    return one_line(f"{about}{reason}{count}", 90)


def _choose_doubt(who: Reviewer, sitting: Sitting, key: str) -> None:
    one: Reason = st.session_state[key] or _ANY
    chosen = replace(sitting.wanted, field=one.field, reason=one.reason or None)
    review_sitting.choose(who, sitting, chosen)


def _types(who: Reviewer, sitting: Sitting) -> None:
    known: dict[str, list[str]] = st.session_state.setdefault(_TYPES, {})
    if who.job.id not in known:
        known[who.job.id] = review_filters.product_types(who.settings, who.job)
    types = known[who.job.id]
    if len(types) < 2:
        return
    key = f"review-type-{who.job.id}"
    st.session_state[key] = sitting.wanted.product_type or _ALL_TYPES
    st.selectbox(
        "Product type",
        [_ALL_TYPES, *types],
        key=key,
        width=210,
        label_visibility="collapsed",
        on_change=_choose_type,
        args=(who, sitting, key),
    )


def _choose_type(who: Reviewer, sitting: Sitting, key: str) -> None:
    chosen = st.session_state[key]
    wanted = None if chosen in (None, _ALL_TYPES) else chosen
    review_sitting.choose(who, sitting, replace(sitting.wanted, product_type=wanted))


def nothing(who: Reviewer, sitting: Sitting) -> None:
    """Say why there is no row, and what to do next."""
    wanted = sitting.wanted
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        if wanted not in (Filter(), Filter(State.RANDOM)):
            text = "#### No such row\nNo row fits what you have chosen."
            if wanted.state is State.APPROVED and wanted == Filter(State.APPROVED):
                text = "#### Nothing approved yet\nRows that you approve are kept here."
            st.markdown(text, text_alignment="center")
            st.button(
                "Show what is to be reviewed",
                key="review-clear",
                on_click=_clear,
                args=(who, sitting),
            )
            return
        st.markdown(
            f"#### All reviewed\nEvery row of “{plain(who.job.name)}” that has a result is "
            "approved. Publish or download it on the job's page.",
            text_alignment="center",
        )


def forget(who: Reviewer) -> None:
    """Have the choices drawn as the sitting says, not as they were."""
    for name in ("state", "words"):
        st.session_state.pop(f"review-{name}-{who.job.id}", None)


def _clear(who: Reviewer, sitting: Sitting) -> None:
    forget(who)
    review_sitting.choose(who, sitting, Filter())
