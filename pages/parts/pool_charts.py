"""The pool over time: tokens a second by lane, and how long people wait for the first word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import groupby

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from core.statuses import Lane
from core.usage import FirstToken, Use, percentile
from pages.parts.lanes import COLORS, NAMES

HEIGHT = 250
_LANES = alt.Scale(domain=[NAMES[lane] for lane in Lane], range=[COLORS[lane] for lane in Lane])
_SHARES = {"usually": 0.5, "slow (1 in 20)": 0.95}


def speed_chart(
    uses: Sequence[Use], begin: float, end: float, step_s: int, where: tzinfo
) -> alt.Chart:
    """Tokens read and written a second, by lane, in steps; a step without calls is nought."""
    starts = range(int(begin // step_s) * step_s, int(end) + step_s, step_s)
    rates = {(start, lane): 0.0 for start in starts for lane in Lane}
    for use in uses:
        key = int(use.since), use.lane
        tokens = use.tokens.prompt + use.tokens.completion
        rates[key] = rates.get(key, 0.0) + tokens / step_s
    data = pd.DataFrame(
        [(_local(at, where), NAMES[lane], rate) for (at, lane), rate in sorted(rates.items())],
        columns=["Time", "Lane", "Rate"],
    )
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_area(interpolate="step-after", opacity=0.85)
        .encode(
            x=_time(begin, end, where),
            y=alt.Y("Rate:Q", title="Tokens a second", stack="zero", axis=alt.Axis(tickCount=4)),
            color=alt.Color("Lane:N", scale=_LANES, legend=_legend()),
            order=alt.Order("Lane:N", sort="ascending"),
            tooltip=[
                "Time:T",
                "Lane:N",
                alt.Tooltip("Rate:Q", title="Tokens a second", format=",.0f"),
            ],
        )
        .properties(height=HEIGHT)
    )
    return chart


def wait_chart(
    firsts: Sequence[FirstToken], begin: float, end: float, step_s: int, where: tzinfo
) -> alt.Chart:
    """Seconds until the first word of an answer in the chat: usually, and the slow ones."""
    chat = [first for first in firsts if first.lane is Lane.CHAT]
    rows = []
    for start, group in groupby(chat, key=lambda first: first.at // step_s * step_s):
        times = [first.ttft_ms / 1000 for first in group]
        rows += [
            (_local(start + step_s / 2, where), name, percentile(times, share))
            for name, share in _SHARES.items()
        ]
    data = pd.DataFrame(rows, columns=["Time", "Wait", "Seconds"])
    chart: alt.Chart = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(
            x=_time(begin, end, where),
            y=alt.Y("Seconds:Q", title="Seconds to the first word", axis=alt.Axis(tickCount=4)),
            color=alt.Color(
                "Wait:N",
                scale=alt.Scale(domain=list(_SHARES), range=["#3d7fb5", "#b4651a"]),
                legend=_legend(),
            ),
            strokeDash=alt.StrokeDash("Wait:N", legend=None),
            tooltip=["Time:T", "Wait:N", alt.Tooltip("Seconds:Q", format=".2f")],
        )
        .properties(height=HEIGHT)
    )
    return chart


def _time(begin: float, end: float, where: tzinfo) -> alt.X:
    domain = [_local(begin, where).isoformat(), _local(end, where).isoformat()]
    return alt.X(
        "Time:T",
        title=None,
        scale=alt.Scale(domain=domain, clamp=True),
        axis=alt.Axis(format="%H:%M", tickCount=6),
    )


def _legend() -> alt.Legend:
    return alt.Legend(orient="top", title=None, symbolStrokeWidth=0)


def _local(at: float, where: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, where).replace(tzinfo=None)
