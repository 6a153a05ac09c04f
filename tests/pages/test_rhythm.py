from __future__ import annotations

from datetime import time

import pytest

from batch.timing import Timing, checked
from pages.parts import rhythm
from pages.parts.rhythm import Due, Rhythm


@pytest.mark.parametrize(
    ("due", "cron", "said"),
    [
        (Due(), "0 2 * * *", "every night at 02:00 (Europe/Berlin)"),
        (Due(at=time(14, 5)), "5 14 * * *", "every day at 14:05 (Europe/Berlin)"),
        (
            Due(Rhythm.WORKDAYS, time(6, 30)),
            "30 6 * * 1-5",
            "Monday to Friday at 06:30 (Europe/Berlin)",
        ),
        (Due(Rhythm.WEEK, weekday=6), "0 2 * * 0", "every Sunday at 02:00 (Europe/Berlin)"),
        (Due(Rhythm.WEEK, weekday=0), "0 2 * * 1", "every Monday at 02:00 (Europe/Berlin)"),
        (
            Due(Rhythm.MONTH, day=15),
            "0 2 15 * *",
            "on day 15 of every month at 02:00 (Europe/Berlin)",
        ),
        (Due(Rhythm.HOUR, time(0, 0)), "0 * * * *", "every hour, on the hour"),
        (Due(Rhythm.HOUR, time(0, 20)), "20 * * * *", "every hour, 20 minutes past the hour"),
    ],
)
def test_what_is_chosen_is_written_as_crontab_does_read_back_and_told(
    due: Due, cron: str, said: str
) -> None:
    assert due.cron == checked(cron, "Europe/Berlin").cron == cron
    again = rhythm.read(cron)
    assert (again.rhythm, again.cron) == (due.rhythm, cron)
    assert rhythm.told(Timing(cron, "Europe/Berlin")) == said


@pytest.mark.parametrize("cron", ["0 2 * 6 *", "0 2 1 * 1", "15 4,16 * * *", "0 2 * * fri#2"])
def test_another_rhythm_is_kept_as_it_is(cron: str) -> None:
    assert rhythm.read(cron) == Due(Rhythm.OWN, own=cron)
    assert rhythm.told(Timing(cron)).endswith("(UTC)")


def test_looks_are_told_by_their_minutes() -> None:
    told = [rhythm.looks(Timing(rhythm.look_cron(minutes))) for minutes in (1, 5, 60)]
    assert told == ["every minute", "every 5 minutes", "every hour"]
    told_by_hours = rhythm.looks(Timing("0 8-18 * * *"))
    assert told_by_hours == "at 0 minutes past the hour, between 08:00 and 18:59 (UTC)"
