"""When something is due: crontab's five fields by the clock of a place, summer time and all.

Plain functions; the moment is always handed in. Reckons with the library that the
engine's own scheduler uses, so that what is shown is what happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from cron_descriptor import Options, get_description
from croniter import croniter
from croniter.croniter import CroniterError

from core.errors import ScheduleError

#: The longest wait between two due times that is looked through, in years.
LONGEST_YEARS = 9


@dataclass(frozen=True, slots=True)
class Timing:
    """When something is due.

    Attributes:
        cron: Minute, hour, day of the month, month and day of the week.
        zone: The IANA name of the place whose clock counts.
    """

    cron: str
    zone: str = "UTC"

    @property
    def place(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.zone)

    @property
    def by_the_hour(self) -> bool:
        """Whether it goes on through every hour of a day, and not at fixed ones."""
        return self.cron.split()[1].startswith("*")


def checked(cron: str, zone: str) -> Timing:
    """The timing that somebody has typed.

    Raises:
        ScheduleError: It is none; the message says what one looks like.
    """
    text = " ".join(cron.split())
    if len(text.split(" ")) != 5 or not croniter.is_valid(text):
        raise ScheduleError(
            f"“{text}” is no time as crontab writes it. It takes five fields: minute, hour, day of "
            "the month, month and day of the week, such as “0 2 * * *” for every night at 02:00."
        )
    if zone not in available_timezones():
        raise ScheduleError(f"There is no time zone “{zone}”. Use a name such as Europe/Berlin.")
    timing = Timing(text, zone)
    if next(following(timing, 0.0), None) is None:
        raise ScheduleError(f"“{text}” never comes: there is no such day.")
    return timing


def following(timing: Timing, after: float) -> Iterator[float]:
    """The due times after a moment, in seconds since the epoch.

    In the night in which the clock goes back an hour, what is due at a fixed hour is due
    the first time only. Where it goes forward over a due time, that is due right after.
    """
    times = _times(timing, after)
    try:
        while True:
            due = times.get_next(datetime)
            if _counts(timing, due):
                yield due.timestamp()
    except CroniterError:
        return


def latest(timing: Timing, until: float) -> float | None:
    """The last due time up to a moment, that moment included; None where there was none."""
    # What is due at exactly that moment is before the next one.
    times = _times(timing, until + 1)
    try:
        while True:
            due = times.get_prev(datetime)
            if _counts(timing, due):
                return float(due.timestamp())
    except CroniterError:
        return None


def is_due(timing: Timing, at: float) -> bool:
    """Whether a moment is one of the due times."""
    return latest(timing, at) == at


def told(timing: Timing) -> str:
    """When it is due, in words: ``at 02:00, Monday through Friday``."""
    options = Options()
    options.use_24hour_time_format = True
    sentence = str(get_description(timing.cron, options))
    return sentence[0].lower() + sentence[1:]


def _times(timing: Timing, at: float) -> croniter:
    begin = datetime.fromtimestamp(at, timing.place)
    return croniter(timing.cron, begin, max_years_between_matches=LONGEST_YEARS)


def _counts(timing: Timing, due: datetime) -> bool:
    # Asked of the zone: the library's own moments do not always tell it rightly.
    again = datetime.fromtimestamp(due.timestamp(), timing.place).fold == 1
    return timing.by_the_hour or not again
