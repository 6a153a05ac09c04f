"""Two versions of a job side by side: what differs, by field and row by row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import altair as alt
import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from batch import jobs
from batch.compare import UNLIKE, Comparison, Difference, compare, state
from batch.jobs import Job
from batch.table import read_rows
from batch.unlike_rows import Agreement, Pair, agreement, unlike_rows
from batch.uploads import table_path
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.result_table import product_cells

PAGE = 50
WORDS = {
    Difference.SAME: "Same",
    Difference.CHANGED: "Changed",
    Difference.ADDED: "Added",
    Difference.GONE: "Gone",
}
#: Told apart in light and dark, and by people who see few colours; the words stand beside them.
COLORS = {
    Difference.CHANGED: "#b4651a",
    Difference.ADDED: "#3d7fb5",
    Difference.GONE: "#8b8f98",
}
#: Heights in the plot: of a bar, and of what stands around the bars.
BAR, AROUND = 24, 150
_ALL_FIELDS, _ALL_KINDS = "All fields", "All"
_KEPT = "comparisons"


def draw(shop: Shop, job: Job) -> None:
    """Draw the choice of a version to compare with, and what differs from it."""
    others = [
        one
        for one in jobs.versions(shop.db, job)
        if one.id != job.id and one.upload_id == job.upload_id and one.done
    ]
    if not others or not job.done:
        return
    names = {one.id: f"Version {one.version}" for one in others}
    chosen = st.selectbox(
        "Compare with",
        list(names),
        index=None,
        format_func=lambda one: names[one],
        placeholder="Choose a version",
        key=f"compare-{job.id}",
        width=260,
    )
    if chosen is None:
        return
    other = next(one for one in others if one.id == chosen)
    # From the earlier one to the later one, whichever of them is looked at.
    first, second = sorted((job, other), key=lambda one: one.version)
    found, right = _compared(shop, first, second)
    _numbers(found, right, first, second)
    _rows(shop, found, first, second)


def _compared(shop: Shop, first: Job, second: Job) -> tuple[Comparison, list[Agreement]]:
    """The comparison, made once for as long as nothing changes in either."""
    kept = _kept()
    now = state(shop.db, first, second)
    if now not in kept:
        bar = st.progress(0.0, text="Comparing…")

        def show(done: int, whole: int) -> None:
            bar.progress(done / whole, text=f"Comparing: {done:,} of {words.several(whole, 'row')}")

        kept[now] = (compare(shop.db, first, second, show), agreement(shop.db, first, second))
        bar.empty()
        for old in list(kept)[:-_MOST_KEPT]:
            kept.pop(old, None)
    return kept[now]


_MOST_KEPT = 20


@st.cache_resource(show_spinner=False)
def _kept() -> dict[object, tuple[Comparison, list[Agreement]]]:
    return {}


def _numbers(found: Comparison, right: Sequence[Agreement], first: Job, second: Job) -> None:
    said = f"**{found.unlike:,} of {words.several(found.rows, 'row')} differ.**"
    if found.left_out:
        said += f" {words.several(found.left_out, 'row')} not done in both is left out."
        said = said.replace(" is left out", " are left out") if found.left_out > 1 else said
    st.markdown(said)
    for version, names in ((first, found.only_first), (second, found.only_other)):
        if names:
            st.caption(f"Only version {version.version} has {', '.join(names)}.")
    if found.unlike:
        st.altair_chart(chart(found), key=f"differences-{second.id}", alt="Differences by field")
    st.dataframe(_table(found, right, first, second), key=f"compared-{second.id}", hide_index=True)


def chart(found: Comparison) -> alt.Chart:
    """Rows that differ by field, in the kinds of difference."""
    data = pd.DataFrame(
        [
            {"Field": name, "Kind": WORDS[kind], "Rows": found.count(name, kind)}
            for name in found.fields
            for kind in UNLIKE
        ]
    )
    drawn: alt.Chart = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("Rows:Q", title="Rows that differ", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y(
                "Field:N",
                title=None,
                sort=list(found.fields),
                axis=alt.Axis(labelOverlap=False, labelLimit=120),
            ),
            color=alt.Color(
                "Kind:N",
                scale=alt.Scale(
                    domain=[WORDS[kind] for kind in UNLIKE],
                    range=[COLORS[kind] for kind in UNLIKE],
                ),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=["Field:N", "Kind:N", alt.Tooltip("Rows:Q", format=",")],
        )
        .properties(height=AROUND + BAR * len(found.fields))
    )
    return drawn


def _table(found: Comparison, right: Sequence[Agreement], first: Job, second: Job) -> pd.DataFrame:
    shares = {one.first.name: one for one in right if one.first.rows}
    rows = []
    for name in found.fields:
        cells: dict[str, object] = {"Field": name}
        cells |= {WORDS[kind]: found.count(name, kind) for kind in WORDS}
        if shares:
            cells |= _shares(shares.get(name), first, second)
        rows.append(cells)
    return pd.DataFrame(rows)


def _shares(one: Agreement | None, first: Job, second: Job) -> dict[str, str]:
    """Which of the two is right about approved rows."""
    found = (one.first, one.other) if one else (None, None)
    return {
        f"Right in version {job.version}": f"{its.right:,} of {its.rows:,}" if its else ""
        for job, its in zip((first, second), found, strict=True)
    }


def _rows(shop: Shop, found: Comparison, first: Job, second: Job) -> None:
    """Draw the rows that differ, page by page."""
    if not found.unlike:
        return
    names, kinds = _filter(found)
    place = f"unlike-{first.id}-{second.id}-{'-'.join([*names, *kinds])}"
    begins: list[int] = st.session_state.setdefault(place, [0])
    pairs = list(islice(unlike_rows(shop.db, found, names, kinds, after=begins[-1]), PAGE + 1))
    if not pairs:
        st.caption("No row differs like that.")
        return
    st.dataframe(
        _cells(shop, pairs[:PAGE], first, second, names, kinds),
        key=f"{place}-{begins[-1]}",
        hide_index=True,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(begins) > 1 and st.button("Earlier rows", key=f"{place}-back"):
            begins.pop()
            st.rerun()
        if len(pairs) > PAGE and st.button("Further rows", key=f"{place}-next"):
            begins.append(pairs[PAGE - 1].row_no)
            st.rerun()


def _filter(found: Comparison) -> tuple[list[str], list[Difference]]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox(
            "Field", [_ALL_FIELDS, *found.fields], key=f"unlike-field-{found.other_id}", width=260
        )
        options = [_ALL_KINDS, *(WORDS[kind] for kind in UNLIKE)]
        kind = st.segmented_control(
            "Kind of difference",
            options,
            default=_ALL_KINDS,
            required=True,
            key=f"unlike-kind-{found.other_id}",
        )
    names = list(found.fields) if name == _ALL_FIELDS else [name]
    kinds = [one for one in UNLIKE if kind in (_ALL_KINDS, WORDS[one])]
    return names, kinds


def _cells(
    shop: Shop,
    pairs: Sequence[Pair],
    first: Job,
    second: Job,
    names: Sequence[str],
    kinds: Sequence[Difference],
) -> pd.DataFrame:
    """A line for each value that differs, with its product."""
    table = table_path(shop.settings, first.upload_id)
    originals = dict(read_rows(table, [pair.row_no for pair in pairs]))
    return pd.DataFrame(
        [
            {"Row": pair.row_no, **product_cells(first, originals[pair.row_no])}
            | {"Field": name, "Difference": WORDS[kind]}
            | {f"Version {first.version}": _text(pair, name, 0)}
            | {f"Version {second.version}": _text(pair, name, 1)}
            for pair in pairs
            for name, kind in pair.differences.items()
            if name in names and kind in kinds
        ]
    )


def _text(pair: Pair, name: str, side: int) -> str:
    """A value, marked where a person has approved its row."""
    value = (pair.first, pair.other)[side].get(name)
    text = value.text() if value else "–"
    return f"{text}  ✓ approved" if pair.approved[side] else text
