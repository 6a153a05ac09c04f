"""Draws what :mod:`benchmarks.lanes` has measured, for the README."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Protocol

CHAT, BATCH, OTHER = "#3d7fb5", "#2c8a63", "#b8aea0"


class Measured(Protocol):
    """What is drawn of a phase."""

    first_s: list[float]
    whole_s: list[float]
    rows_per_min: float | None
    in_use: list[tuple[float, int, int]]


def draw(
    chat_alone: Measured, batch_alone: Measured, phases: Mapping[str, Measured], path: Path
) -> None:
    """Three groups of bars, and who was in the slots over time."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    both = {
        name: phase for name, phase in phases.items() if name not in ("chat alone", "batch alone")
    }
    labels = ["alone", *both]
    colors = {"alone": OTHER, "lanes": BATCH}
    picture, axes = plt.subplots(
        2, 3, figsize=(10, 5.2), height_ratios=(1, 0.75), layout="constrained"
    )
    panels = (
        ("Chat: first word, median (s)", [chat_alone, *both.values()], _first),
        ("Chat: whole answer, median (s)", [chat_alone, *both.values()], _whole),
        ("Background: rows a minute", [batch_alone, *both.values()], _rows),
    )
    for axis, (title, measured, value) in zip(axes[0], panels, strict=True):
        heights = [value(one) for one in measured]
        names = [name.replace(", ", ",\n") for name in labels]
        bars = axis.bar(names, heights, color=[colors.get(name, "#c8703f") for name in labels])
        axis.bar_label(bars, fmt="%.1f")
        axis.set_title(title, fontsize=10)
        axis.tick_params(axis="x", labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[1]:
        axis.remove()
    _over_time(picture.add_subplot(axes[0, 0].get_gridspec()[1, :]), both["lanes"])
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.savefig(path, dpi=140)
    plt.close(picture)


def _first(one: Measured) -> float:
    return median(one.first_s)


def _whole(one: Measured) -> float:
    return median(one.whole_s)


def _rows(one: Measured) -> float:
    return one.rows_per_min or 0.0


def _over_time(axis: object, phase: Measured) -> None:
    """Slots by lane; the chat's part is drawn on top of batch's."""
    times = [at for at, _, _ in phase.in_use]
    batch = [slots for _, _, slots in phase.in_use]
    chat = [slots for _, slots, _ in phase.in_use]
    axis.stackplot(  # type: ignore[attr-defined]
        times, batch, chat, step="post", colors=[BATCH, CHAT], labels=["background", "chat"]
    )
    axis.set_xlim(0, min(120, times[-1]))  # type: ignore[attr-defined]
    axis.set_ylabel("slots in use")  # type: ignore[attr-defined]
    axis.set_xlabel("seconds, with lanes, a question every 20 s")  # type: ignore[attr-defined]
    axis.legend(loc="lower right", ncols=2, fontsize=8)  # type: ignore[attr-defined]
    axis.spines[["top", "right"]].set_visible(False)  # type: ignore[attr-defined]
