from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from batch.timing import Timing, checked, following, is_due, latest, told
from core.errors import ScheduleError

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = Timing("0 2 * * *", "Europe/Berlin")


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def shown(times: object) -> list[str]:
    return [
        datetime.fromtimestamp(at, BERLIN).isoformat(" ", "minutes")
        for at in islice(times, 3)  # type: ignore[call-overload]
    ]


def test_a_night_is_that_of_the_schedules_place() -> None:
    assert shown(following(NIGHTLY, berlin("2026-11-26T12:00"))) == [
        "2026-11-27 02:00+01:00",
        "2026-11-28 02:00+01:00",
        "2026-11-29 02:00+01:00",
    ]


def test_a_time_that_the_clock_skips_in_spring_is_due_right_after_it() -> None:
    assert shown(following(NIGHTLY, berlin("2027-03-27T12:00"))) == [
        "2027-03-28 03:00+02:00",
        "2027-03-29 02:00+02:00",
        "2027-03-30 02:00+02:00",
    ]


def test_a_time_that_the_clock_shows_twice_in_autumn_is_due_the_first_time_only() -> None:
    assert shown(following(NIGHTLY, berlin("2026-10-24T12:00"))) == [
        "2026-10-25 02:00+02:00",
        "2026-10-26 02:00+01:00",
        "2026-10-27 02:00+01:00",
    ]
    first = berlin("2026-10-25T02:00")
    assert is_due(NIGHTLY, first)
    assert not is_due(NIGHTLY, first + 3600)
    assert latest(NIGHTLY, first + 7200) == first


def test_every_hour_is_due_in_both_hours_that_the_clock_shows_twice() -> None:
    hourly = Timing("0 * * * *", "Europe/Berlin")
    begin = berlin("2026-10-25T01:30")
    assert [at - begin for at in islice(following(hourly, begin), 3)] == [1800, 5400, 9000]


def test_each_due_time_is_told_from_the_moments_beside_it() -> None:
    for at in islice(following(NIGHTLY, berlin("2027-03-27T12:00")), 3):
        assert is_due(NIGHTLY, at)
        assert not is_due(NIGHTLY, at + 1)
        assert not is_due(NIGHTLY, at - 1)
        assert latest(NIGHTLY, at + 3599) == at


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("0 2 * *", "UTC", "five fields"),
        ("0 0 2 * * *", "UTC", "five fields"),
        ("61 2 * * *", "UTC", "five fields"),
        ("nightly", "UTC", "five fields"),
        ("", "UTC", "five fields"),
        ("0 2 * * *", "Europe/Berlino", "no time zone “Europe/Berlino”"),
        ("0 2 * * *", "", "no time zone"),
        ("0 2 31 2 *", "UTC", "never comes"),
    ],
)
def test_what_never_comes_is_refused_in_words(cron: str, zone: str, said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        checked(cron, zone)


def test_a_leap_day_may_be_waited_for() -> None:
    assert checked(" 0  0 29 2 * ", "UTC") == Timing("0 0 29 2 *", "UTC")


def test_timings_are_told_in_words() -> None:
    assert told(NIGHTLY) == "at 02:00"
    assert told(Timing("30 6 * * 1-5")) == "at 06:30, Monday through Friday"
    assert told(Timing("*/5 * * * *")) == "every 5 minutes"
