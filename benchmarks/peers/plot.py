"""Draws the speed comparison for ``docs/benchmarks.md``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers.score import Score

OURS, OTHERS, BARE = "#2c8a63", "#3d7fb5", "#b8aea0"


def draw(results: Sequence[Score], path: Path) -> None:
    """Three groups of bars: speed, CPU, memory."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels: tuple[tuple[str, Callable[[Score], float], str], ...] = (
        ("Rows a second", lambda one: one.rows_per_s, "%.0f"),
        ("CPU seconds for 1,000 rows", lambda one: one.cpu_s, "%.1f"),
        ("Memory at the most (MB)", lambda one: one.peak_mb, "%.0f"),
    )
    picture, axes = plt.subplots(1, 3, figsize=(10, 2.6), sharey=True, layout="constrained")
    shown = list(reversed(results))
    for axis, (title, value, form) in zip(axes, panels, strict=True):
        bars = axis.barh(
            [one.name for one in shown],
            [value(one) for one in shown],
            color=[_color(one.name) for one in shown],
        )
        axis.bar_label(bars, fmt=form, padding=3, fontsize=8)
        axis.set_title(title, fontsize=10)
        axis.margins(x=0.18)
        axis.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=140)
    plt.close(picture)


def _color(name: str) -> str:
    return {"shopkeeper": OURS, "bare aiohttp": BARE}.get(name, OTHERS)
