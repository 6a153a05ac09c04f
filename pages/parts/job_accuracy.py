"""How right the model is about each field of a job, as far as people have approved rows."""

from __future__ import annotations

import altair as alt
import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import accuracy
from batch.accuracy import Accuracy
from batch.jobs import Job
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.job_card import JOB

#: Random rows that give a first figure.
ENOUGH = 20
_ROW_HEIGHT = 36


def draw(shop: Shop, job: Job) -> None:
    """Draw the figures; nothing until a row has been approved."""
    approved = accuracy.of_approved(shop.db, job)
    if not approved.fields:
        return
    by_chance = accuracy.of_random(shop.db, job)
    st.subheader("How right the model was", anchor=False)
    fair = by_chance.rows >= min(ENOUGH, job.done)
    shown = by_chance if fair else approved
    st.caption(_about(shown, fair=fair))
    chart = accuracy_chart(shown)
    st.altair_chart(chart, key=f"accuracy-{job.id}", alt="Share of right values by field")
    if not fair:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(_offer(job, by_chance), key="review-random", icon=":material/shuffle:"):
                query = {JOB: job.id, "rows": "random"}
                st.switch_page("pages/review.py", query_params=query)
            st.caption("They are chosen by chance, so they tell how right it is over all rows.")


def _offer(job: Job, by_chance: Accuracy) -> str:
    left = min(ENOUGH, job.done) - by_chance.rows
    more = " more" if by_chance.rows else ""
    return f"Review {left}{more} random rows" if left > 1 else f"Review one{more} random row"


def _about(shown: Accuracy, *, fair: bool) -> str:
    rows = words.several(shown.rows, "row")
    if fair:
        return (
            f"From {rows} chosen by chance and approved one after the other: a fair sample. "
            "The line shows where the true share lies with 95 % certainty."
        )
    if shown.flagged:
        return (
            f"From {rows} that people have approved, {shown.flagged:,} of which were flagged. "
            "Doubtful rows came first, so the model is likely better over all rows than this says."
        )
    return (
        f"From {rows} that people have approved. They were picked rather than chosen by chance, "
        "so they may not stand for all rows."
    )


def accuracy_chart(found: Accuracy) -> alt.LayerChart | alt.FacetChart:
    """A field a line: the share of right values, its interval, and both in numbers."""
    data = pd.DataFrame(
        [
            {
                "Field": one.field,
                "Share": one.share,
                "Low": one.low,
                "High": one.high,
                "Told": f"{one.share:.0%} ({one.right:,} of {one.rows:,}; "
                f"{one.low:.0%} to {one.high:.0%})",
            }
            for one in found.fields
        ]
    )
    order = [one.field for one in found.fields]
    field = alt.Y("Field:N", sort=order, title=None, axis=alt.Axis(labelLimit=160))
    share = alt.Scale(domain=[0, 1])
    base = alt.Chart(data).encode(y=field, tooltip=["Field:N", "Told:N"])
    axis = alt.Axis(format="%", tickCount=5)
    interval = base.mark_rule(strokeWidth=3, opacity=0.45, color="#3d7fb5", yOffset=10).encode(
        x=alt.X("Low:Q", scale=share, title="Right values", axis=axis), x2="High:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1, color="#3d7fb5", yOffset=10).encode(
        x=alt.X("Share:Q", scale=share)
    )
    told = (
        alt.Chart(data)
        .mark_text(align="left", baseline="middle", fontSize=12, color="#8a8178")
        .encode(y=field, x=alt.value(2), text="Told:N")
    )
    return alt.layer(interval, point, told).properties(height=alt.Step(_ROW_HEIGHT))
