"""Numbers, times, money and states in the merchant's words.

Plain functions over plain values: the moment and the time zone are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.money import money as money
from core.money import price as price
from core.statuses import JobStatus

Color = Literal["blue", "green", "orange", "red", "gray"]

_SIZE_STEPS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB"))
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class State:
    """How a job's status is shown: a word and an icon, with a colour beside them."""

    word: str
    color: Color
    icon: str


STATES: dict[JobStatus, State] = {
    JobStatus.QUEUED: State("Waiting to start", "gray", ":material/schedule:"),
    JobStatus.RUNNING: State("Running", "blue", ":material/autorenew:"),
    JobStatus.PAUSED: State("Paused", "orange", ":material/pause_circle:"),
    JobStatus.CANCELLED: State("Cancelled", "gray", ":material/cancel:"),
    JobStatus.DONE: State("Finished", "green", ":material/check_circle:"),
    JobStatus.FAILED: State("Stopped by a problem", "red", ":material/error:"),
}


def begun(text: str) -> str:
    """A text as it stands at the beginning of a sentence; names in it stay as they are."""
    return text[:1].upper() + text[1:]


def several(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 product``, ``2,300 products``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def file_size(size_bytes: int) -> str:
    """A file's size: ``820 bytes``, ``24 KB``, ``1.3 MB``."""
    for step, unit in _SIZE_STEPS:
        if size_bytes >= step:
            size = size_bytes / step
            return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
    return several(size_bytes, "byte")


def about(seconds: float) -> str:
    """A time to wait, no more exact than it can be known: ``about 12 minutes``."""
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {5 * round(seconds / 5)} seconds"
    if seconds < 90 * _MINUTE_S:
        return f"about {several(max(1, round(seconds / _MINUTE_S)), 'minute')}"
    if seconds < 36 * _HOUR_S:
        return f"about {several(round(seconds / _HOUR_S), 'hour')}"
    return f"about {several(round(seconds / _DAY_S), 'day')}"


def took(seconds: float) -> str:
    """A time that has passed: ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        minutes, rest = divmod(whole, _MINUTE_S)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole // _MINUTE_S, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def waited(milliseconds: float) -> str:
    """A short wait in seconds: ``0.04 s``, ``0.1 s``, ``12 s``."""
    seconds = milliseconds / 1000
    if seconds < 0.095:
        return f"{max(seconds, 0.01):.2f} s"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def zone(name: str | None) -> tzinfo:
    """The browser's time zone, or UTC where it told none that we know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day(at: float, now: float, where: tzinfo) -> str:
    """``Today``, ``Yesterday`` or ``Earlier``, by the calendar of a time zone."""
    date, today = (datetime.fromtimestamp(moment, where).date() for moment in (at, now))
    if date >= today:
        return "Today"
    return "Yesterday" if date == today - timedelta(days=1) else "Earlier"


def moment(at: float, now: float, where: tzinfo) -> str:
    """A moment as people say it: ``today at 14:05``, ``3 May at 09:12``."""
    time = datetime.fromtimestamp(at, where)
    when = day(at, now, where).lower()
    if when == "earlier":
        year = "" if time.year == datetime.fromtimestamp(now, where).year else f" {time.year}"
        when = f"{time.day} {time:%B}{year}"
    return f"{when} at {time:%H:%M}"


def price_share(share: float) -> str:
    """What something costs beside the usual price: ``about half the price``."""
    return "about half the price" if 0.45 <= share <= 0.55 else f"about {share:.0%} of the price"


def stock(count: int | None) -> str:
    """What is left, in words; empty when the catalog does not say."""
    if count is None:
        return ""
    return f"In stock ({count:,})" if count > 0 else "Out of stock"


def rate(rows_per_s: float) -> str:
    """Speed in the unit that gives a readable number: rows a second, or a minute."""
    if rows_per_s >= 10:
        return f"{rows_per_s:,.0f} rows a second"
    if rows_per_s >= 1:
        return f"{rows_per_s:.1f} rows a second"
    return f"{several(round(rows_per_s * _MINUTE_S), 'row')} a minute"
