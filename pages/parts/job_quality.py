"""How good the model is, over the versions of a job: a plot, and the numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import demonstrations, jobs, quality
from batch.catalog import distinct
from batch.jobs import Job
from batch.quality import ENOUGH, Quality
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.example_counts import KEPT_ASIDE

COLOR = "#2c8a63"
HEIGHT = 190
HELP = (
    "Of all values that the model should have found or has found, how many were right (F1). "
    "Counted is what it said itself, before anything that you approved took its place. The "
    "range holds the true figure in 95 of 100 cases; it narrows with every approved row."
)


def draw(shop: Shop, job: Job) -> None:
    """Draw the section; a sentence where too little was approved yet."""
    versions = jobs.versions(shop.db, job)
    state = tuple((one.id, one.run, one.status, one.done) for one in versions)
    found = _measured(shop, versions, (state, demonstrations.last_change(shop.db)))
    st.subheader("Quality", anchor=False, help=HELP)
    if more := quality.more_needed(found):
        _too_few(found, more)
        return
    enough = [one for one in found if one.rows >= ENOUGH]
    plot, numbers = st.columns([3, 2], gap="medium", vertical_alignment="center")
    with plot:
        st.altair_chart(chart(enough), key=f"quality-{job.id}", alt=_in_words(enough))
    with numbers:
        st.markdown(_in_words(enough))
        st.caption(KEPT_ASIDE)
    st.dataframe(table(enough), key=f"quality-numbers-{job.id}", hide_index=True)


@st.cache_data(show_spinner=False, max_entries=200)
def _measured(_shop: Shop, _versions: Sequence[Job], state: object) -> list[Quality]:
    """Kept for as long as neither results nor examples change."""
    return quality.over_versions(_shop.db, _versions)


def _too_few(found: Sequence[Quality], more: int) -> None:
    have = max((one.rows for one in found), default=0)
    so_far = f" So far there are {words.several(have, 'such row')}." if have else ""
    st.caption(
        f"Approve about {words.several(more, 'more row', 'more rows')}, and how good the model "
        f"is in each version is shown here. {KEPT_ASIDE}{so_far}"
    )


def _in_words(found: Sequence[Quality]) -> str:
    """The newest version, and how it stands beside the one before."""
    last = found[-1]
    said = (
        f"Version {last.version}: **{last.f1:.0%}** right, between {last.low:.0%} and "
        f"{last.high:.0%}, over {words.several(last.rows, 'row')}."
    )
    if len(found) < 2:
        return said
    before = found[-2]
    points = round(100 * last.f1) - round(100 * before.f1)
    change = "as good as" if not points else f"{abs(points)} points "
    change += "" if not points else ("better than" if points > 0 else "worse than")
    return f"{said} That is {change} version {before.version}."


def chart(found: Sequence[Quality]) -> alt.LayerChart:
    """Quality by version, each with its interval."""
    data = pd.DataFrame(
        {
            "Version": [f"Version {one.version}" for one in found],
            "Quality": [one.f1 for one in found],
            "Low": [one.low for one in found],
            "High": [one.high for one in found],
            "Rows": [one.rows for one in found],
        }
    )
    percent = alt.Axis(format=".0%", tickCount=5)
    base = alt.Chart(data).encode(
        x=alt.X("Version:N", title=None, sort=None, axis=alt.Axis(labelAngle=0))
    )
    scale = alt.Scale(domain=[0, 1])
    ranges = base.mark_rule(color=COLOR, strokeWidth=2, opacity=0.5).encode(
        y=alt.Y("Low:Q", title="Right (F1)", axis=percent, scale=scale), y2="High:Q"
    )
    line = base.mark_line(color=COLOR, point=alt.OverlayMarkDef(color=COLOR, size=70)).encode(
        y=alt.Y("Quality:Q", scale=scale),
        tooltip=[
            "Version:N",
            alt.Tooltip("Quality:Q", format=".0%"),
            alt.Tooltip("Low:Q", title="At least", format=".0%"),
            alt.Tooltip("High:Q", title="At most", format=".0%"),
            alt.Tooltip("Rows:Q", title="Rows measured"),
        ],
    )
    both: alt.LayerChart = (ranges + line).properties(height=HEIGHT)
    return both


def table(found: Sequence[Quality]) -> pd.DataFrame:
    """The same in numbers, a version a row, with each field's share of right values."""
    names = {one.name: None for each in found for one in each.fields}
    return pd.DataFrame([_cells(one, list(names)) for one in found])


def _cells(one: Quality, names: Sequence[str]) -> dict[str, str]:
    shares = {each.name: f"{each.share:.0%}" for each in one.fields}
    whole = {
        "Version": str(one.version),
        "Rows": f"{one.rows:,}",
        "Right (F1)": f"{one.f1:.0%}",
        "Range": f"{one.low:.0%} to {one.high:.0%}",
    }
    return whole | {distinct(name, tuple(whole)): shares.get(name, "") for name in names}
