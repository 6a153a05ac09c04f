"""Review: what was found beside the text it was found in; correct, approve, undo."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import streamlit as st

from batch import jobs, review_filters, undoing
from batch.jobs import Job
from batch.review import Reviewer
from batch.review_queue import Filter, State
from core.errors import JobError
from pages.parts import (
    review_acts,
    review_choice,
    review_keys,
    review_replace,
    review_rows,
    review_sitting,
    trouble,
    words,
)
from pages.parts.entry import Shop, enter
from pages.parts.escape import plain
from pages.parts.job_card import JOB
from pages.parts.review_sitting import Sitting

MARKED = Path(__file__).parent / "parts" / "marked.css"
STYLES = Path(__file__).parent / "parts" / "review.css"
#: Jobs to choose from.
SHOWN = 12
#: Which rows to begin with, in the address.
ROWS = "rows"


def main() -> None:
    """Draw the page."""
    shop = enter("pages/review.py")
    st.html(MARKED)
    st.html(STYLES)
    wanted = st.query_params.get(JOB)
    if wanted:
        try:
            _one(shop, jobs.get(shop.db, wanted))
            return
        except JobError as error:
            trouble.draw(error)
            st.query_params.pop(JOB, None)
    st.title("Review", anchor=False)
    _choose(shop)


def _choose(shop: Shop) -> None:
    """The jobs that have results, those with rows that need a person first."""
    found = [one for one in jobs.listing(shop.db, limit=50) if one.done][:SHOWN]
    if not found:
        _empty()
        return
    st.caption("See where each value comes from, correct it in place, and approve the row.")
    counts = {one.id: review_filters.to_look_at(shop.db, one) for one in found}
    for job in sorted(found, key=lambda one: counts[one.id] == 0):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            version = f" · version {job.version}" if job.version > 1 else ""
            st.markdown(f"**{plain(job.name)}**{version}", width="stretch")
            need = f"{words.several(counts[job.id], 'row')} to look at"
            st.caption(need if counts[job.id] else f"{words.several(job.done, 'row')}, no doubts")
            if st.button("Review", key=f"review-{job.id}", icon=":material/rate_review:"):
                st.query_params[JOB] = job.id
                st.rerun()


def _empty() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### Nothing to review yet", text_alignment="center")
        st.markdown(
            "When a job has found product details, you see them here beside the text they come "
            "from: those in doubt first. What you correct, the model learns.",
            text_alignment="center",
        )
        st.page_link("pages/upload.py", label="Start with a catalog", icon=":material/upload_file:")


def _one(shop: Shop, job: Job) -> None:
    who = Reviewer(shop.settings, shop.db, job, reviewer_name(shop))
    if not job.done:
        st.title("Review", anchor=False)
        st.info(
            f"“{plain(job.name)}” has no results yet. They can be reviewed as they come.",
            icon=":material/hourglass_empty:",
        )
        return
    sitting = review_sitting.current(who)
    if st.query_params.pop(ROWS, None) == State.RANDOM:
        review_sitting.choose(who, sitting, Filter(State.RANDOM))
        review_choice.forget(who)
    review_replace.draw(who, sitting)
    _sitting(who)


def reviewer_name(shop: Shop) -> str:
    """Tells a person from others in what is stored; opens none of their conversations."""
    return shop.person.id or blake2b(shop.visitor.encode(), digest_size=8).hexdigest()


@st.fragment
def _sitting(who: Reviewer) -> None:
    """All that changes while a person reviews: drawn anew without the rest of the app."""
    with trouble.boxed():
        sitting = review_sitting.current(who)
        if sitting.to_undo:
            review_acts.undo(who, sitting, st.empty())
        _head(who, sitting)
        review_choice.draw(who, sitting)
        rows = review_sitting.rows(who, sitting)
        if rows:
            review_rows.draw(who, sitting, rows)
        else:
            review_choice.nothing(who, sitting)
        review_keys.draw(sitting)


def _head(who: Reviewer, sitting: Sitting) -> None:
    counts = review_sitting.counted(who, sitting)
    more = "+" if counts.capped else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"### Review {plain(who.job.name)}", width="stretch")
        last = undoing.last(who)
        label = f"Undo {review_acts.described(last)}" if last else "Undo"
        st.button(
            plain(label),
            key="review-undo",
            icon=":material/undo:",
            shortcut="U",
            disabled=last is None,
            on_click=review_acts.ask_to_undo,
            args=(sitting,),
        )
        if st.button("Replace a value", key="review-replace", icon=":material/find_replace:"):
            # Asked for by the page: drawn in here, the dialog would end with the next redraw.
            review_replace.open_it()
            st.rerun()
        # No button: its click would be lost where the page is just being drawn anew.
        query = {JOB: who.job.id}
        st.page_link(
            "pages/jobs.py", label="The job", icon=":material/list_alt:", query_params=query
        )
    facts = [
        f"**{counts.to_look_at:,}{more}** to look at",
        f"**{counts.approved:,}{more}** approved of {words.several(who.job.done, 'row')}",
    ]
    st.caption(" · ".join(facts) + (f" · {plain(sitting.said)}" if sitting.said else ""))


main()
