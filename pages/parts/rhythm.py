"""How often something is due, as people choose it, and as crontab writes it.

Plain functions over plain values; knows nothing of pages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from batch import timing
from batch.timing import Timing

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: Minutes between two looks for a new catalog.
LOOKS = (1, 5, 15, 30, 60)
_TWO = time(2, 0)
_FIELDS = re.compile(r"(\d+) (\d+) (\S+) \* (\S+)")


class Rhythm(StrEnum):
    """How often, as it is offered."""

    DAY = "Every day or night"
    WORKDAYS = "Monday to Friday"
    WEEK = "Once a week"
    MONTH = "Once a month"
    HOUR = "Every hour"
    OWN = "Another rhythm (cron)"


@dataclass(frozen=True, slots=True)
class Due:
    """What was chosen.

    Attributes:
        at: The time of the day.
        weekday: From 0 for Monday, where it is due once a week.
        day: Of the month, where it is due once a month.
        own: The five fields of crontab, where it has a rhythm of its own.
    """

    rhythm: Rhythm = Rhythm.DAY
    at: time = _TWO
    weekday: int = 0
    day: int = 1
    own: str = ""

    @property
    def cron(self) -> str:
        """The same as crontab writes it."""
        clock = f"{self.at.minute} {self.at.hour}"
        written = {
            Rhythm.DAY: f"{clock} * * *",
            Rhythm.WORKDAYS: f"{clock} * * 1-5",
            Rhythm.WEEK: f"{clock} * * {(self.weekday + 1) % 7}",
            Rhythm.MONTH: f"{clock} {self.day} * *",
            Rhythm.HOUR: f"{self.at.minute} * * * *",
        }
        return written.get(self.rhythm, self.own)


def read(cron: str) -> Due:
    """What was chosen, from what crontab writes; what is not offered is a rhythm of its own."""
    found = _FIELDS.fullmatch(cron)
    if found is None:
        hourly = re.fullmatch(r"(\d+) \* \* \* \*", cron)
        if hourly:
            return Due(Rhythm.HOUR, time(0, int(hourly[1])), own=cron)
        return Due(Rhythm.OWN, own=cron)
    at, day, weekday = time(int(found[2]), int(found[1])), found[3], found[4]
    if (day, weekday) == ("*", "*"):
        return Due(Rhythm.DAY, at, own=cron)
    if (day, weekday) == ("*", "1-5"):
        return Due(Rhythm.WORKDAYS, at, own=cron)
    if day == "*" and re.fullmatch("[0-6]", weekday):
        return Due(Rhythm.WEEK, at, weekday=(int(weekday) - 1) % 7, own=cron)
    if weekday == "*" and day.isdigit():
        return Due(Rhythm.MONTH, at, day=int(day), own=cron)
    return Due(Rhythm.OWN, own=cron)


def told(when: Timing) -> str:
    """When something is due: ``every night at 02:00 (Europe/Berlin)``."""
    due = read(when.cron)
    at = f"at {due.at:%H:%M}"
    if due.rhythm is Rhythm.HOUR:
        minutes = f"{due.at.minute} minutes past" if due.at.minute else "on"
        return f"every hour, {minutes} the hour"
    words = {
        Rhythm.DAY: f"{'every night' if _is_night(due.at) else 'every day'} {at}",
        Rhythm.WORKDAYS: f"Monday to Friday {at}",
        Rhythm.WEEK: f"every {WEEKDAYS[due.weekday]} {at}",
        Rhythm.MONTH: f"on day {due.day} of every month {at}",
    }
    return f"{words.get(due.rhythm) or timing.told(when)} ({when.zone.replace('_', ' ')})"


def looks(when: Timing) -> str:
    """How often something is looked for: ``every 5 minutes``."""
    minutes = minutes_between(when.cron)
    if minutes is None:
        return told(when)
    if minutes == 1:
        return "every minute"
    return "every hour" if minutes == 60 else f"every {minutes} minutes"


def look_cron(minutes: int) -> str:
    """How crontab writes that something is looked for so often."""
    if minutes == 1:
        return "* * * * *"
    return "0 * * * *" if minutes == 60 else f"*/{minutes} * * * *"


def minutes_between(cron: str) -> int | None:
    """The minutes between two looks, if that is one of those that are offered."""
    return next((one for one in LOOKS if look_cron(one) == cron), None)


def _is_night(at: time) -> bool:
    return at.hour >= 22 or at.hour < 6
