"""How fast a job went, as a plot: small on its card, with axes in its details."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import pairwise

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from batch.pace import Sample
from pages.parts import words

MAX_POINTS = 120
SMALL_POINTS = 40


def speeds(samples: Sequence[Sample], *, at_most: int = MAX_POINTS) -> list[tuple[float, float]]:
    """Moments and rows per second since the moment before, thinned to so many."""
    return [
        (after.at, max(0, (after.done + after.failed - before.done - before.failed)) / elapsed)
        for before, after in pairwise(_spread(samples, at_most))
        if (elapsed := after.at - before.at) > 0
    ]


def _spread(samples: Sequence[Sample], at_most: int) -> list[Sample]:
    """So many samples, as even in time as they can be: they lie closer at both ends."""
    chosen: list[Sample] = []
    gap = (samples[-1].at - samples[0].at) / (at_most - 1) if samples else 0.0
    for sample in samples:
        if not chosen or sample.at - chosen[-1].at >= gap:
            chosen.append(sample)
    return chosen


def sparkline_html(samples: Sequence[Sample]) -> str:
    """Bars without axes; empty until there is something to see."""
    rates = [rate for _, rate in speeds(samples, at_most=SMALL_POINTS)]
    top = max(rates, default=0.0)
    if len(rates) < 2 or not top:
        return ""
    # Bars of HTML: Streamlit takes drawings (SVG) out of our HTML.
    bars = "".join(f'<i style="height:{max(4, rate / top * 100):.0f}%"></i>' for rate in rates)
    label = f"Speed over time, at most {words.rate(top)}"
    return f'<div class="sk-spark" role="img" aria-label="{label}" title="{label}">{bars}</div>'


def _clock(found: Sequence[tuple[float, float]]) -> str:
    """How moments are told apart under a plot: by the second, or with their day."""
    span_s = found[-1][0] - found[0][0]
    if span_s < 600:
        return "%H:%M:%S"
    return "%H:%M" if span_s < 86_400 else "%-d %b %H:%M"


def speed_chart(samples: Sequence[Sample], where: tzinfo) -> alt.Chart | None:
    """Rows per second over time in the reader's zone; None until there are two points."""
    found = speeds(samples)
    if len(found) < 2:
        return None
    data = pd.DataFrame(found, columns=["Time", "Rate"])
    data["Time"] = [datetime.fromtimestamp(at, where).replace(tzinfo=None) for at in data["Time"]]
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_area(line=True, opacity=0.25, interpolate="monotone")
        .encode(
            x=alt.X("Time:T", title=None, axis=alt.Axis(format=_clock(found), tickCount=6)),
            y=alt.Y("Rate:Q", title="Rows a second", axis=alt.Axis(tickCount=3)),
            tooltip=[
                alt.Tooltip("Time:T", format="%H:%M:%S"),
                alt.Tooltip("Rate:Q", title="Rows a second", format=".1f"),
            ],
        )
        .properties(height=150)
    )
    return chart
