"""How an endpoint's condition follows from what calls have met there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import condition, quota
from core.condition import Condition, Trouble, trouble_of
from core.endpoints import Endpoint
from core.errors import (
    AnswerError,
    EndpointError,
    ModelError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)

ENDPOINT = Endpoint("e", "u", "m", slots=32)
WELL = Condition("e")
NOW = 1000.0


def after(trouble: Trouble, times: int, *, apart_s: float = 2.0) -> Condition:
    found, now = WELL, NOW
    for _ in range(times):
        found = condition.troubled(found, ENDPOINT, trouble, "why", now)
        now += apart_s
    return found


def test_trouble_halves_the_limit_and_time_restores_it_step_by_step() -> None:
    found = after(Trouble.TIMEOUT, 2)
    assert found.batch_limit == 8
    now, steps = found.grown_at, 0
    while found.batch_limit is not None:
        now += 1
        steps += 1
        found = condition.grown(found, ENDPOINT, now)
    assert steps == 24


def test_calls_that_fail_together_count_as_one_trouble() -> None:
    found = after(Trouble.TIMEOUT, 16, apart_s=0.01)
    assert (found.failures, found.batch_limit, found.down_until) == (1, 16, 0.0)


def test_calls_that_break_now_and_then_do_not_slow_the_others_down() -> None:
    found = WELL
    for second in range(10):
        found = condition.troubled(found, ENDPOINT, Trouble.BROKEN, "why", NOW + 2 * second)
        found = condition.answered(found, NOW + 2 * second + 1, NOW + 2 * second + 1)
    assert found.batch_limit is None
    assert after(Trouble.BROKEN, 3).batch_limit == 8
    assert after(Trouble.SERVER, 3).batch_limit is None


@pytest.mark.parametrize(
    ("trouble", "patience"), [(Trouble.UNREACHABLE, 1), (Trouble.TIMEOUT, 3), (Trouble.SERVER, 4)]
)
def test_an_endpoint_that_keeps_failing_is_left_alone_ever_longer(
    trouble: Trouble, patience: int
) -> None:
    assert after(trouble, patience - 1).down_until == 0.0
    rests = [
        found.down_until - found.failed_at
        for found in (after(trouble, times) for times in range(patience, patience + 9))
    ]
    assert rests[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(rests) == condition.LONGEST_REST_S


def test_only_a_call_that_began_after_the_trouble_shows_that_it_is_over() -> None:
    found = after(Trouble.UNREACHABLE, 3)
    later = found.down_until + 1
    assert condition.answered(found, found.failed_at - 1, later) == found
    well = condition.answered(found, found.failed_at + 1, later)
    assert (well.failures, well.down_until, well.reason) == (0, 0.0, "")


def test_no_answer_cuts_short_a_rest_that_was_asked_for() -> None:
    found = condition.troubled(WELL, ENDPOINT, Trouble.LIMITED, "why", NOW, 20.0)
    assert condition.answered(found, NOW + 1, NOW + 2) == found


def test_a_limit_on_requests_is_learned_from_what_went_through() -> None:
    found = WELL
    for second in range(10):
        found = condition.counted(found, 30, NOW + second)
    found = condition.troubled(found, ENDPOINT, Trouble.LIMITED, "why", NOW + 10, 50.0)
    assert found.learned_rpm == 300
    assert found.down_until == NOW + 60
    later = quota.refilled(found, ENDPOINT, found.down_until + 60)
    assert later.learned_rpm == pytest.approx(300 * quota.RELEARN)


def test_a_learned_limit_that_is_too_low_is_outgrown_within_the_hour() -> None:
    found = condition.counted(WELL, 60, NOW)
    found = condition.troubled(found, ENDPOINT, Trouble.LIMITED, "why", NOW, 50.0)
    after_minutes = {}
    for minute in range(62):
        found = quota.refilled(found, ENDPOINT, NOW + 50 + 60 * minute)
        after_minutes[minute] = found.learned_rpm
    assert after_minutes[2] == pytest.approx(60, rel=0.1)
    assert (after_minutes[15] or 0) > 10 * 60
    assert after_minutes[61] is None


def test_a_limit_that_others_have_used_up_teaches_nothing() -> None:
    found = condition.counted(WELL, 3, NOW)
    found = condition.troubled(found, ENDPOINT, Trouble.LIMITED, "why", NOW, 50.0)
    assert found.learned_rpm is None
    assert found.down_until == NOW + 50


def test_a_short_pause_teaches_no_limit() -> None:
    found = condition.troubled(WELL, ENDPOINT, Trouble.LIMITED, "why", NOW, 1.0)
    assert found.learned_rpm is None


def test_a_call_larger_than_a_seconds_tokens_still_goes_through() -> None:
    limited = replace(ENDPOINT, tpm=600)
    found = quota.refilled(WELL, limited, NOW)
    assert quota.permitted(found, limited, 5, tokens_each=400.0) == 1
    found = quota.spent(found, limited, 1, 400)
    assert quota.permitted(found, limited, 5, tokens_each=400.0) == 0
    for second in range(1, 50):
        found = quota.refilled(found, limited, NOW + second)
    assert quota.permitted(found, limited, 5, tokens_each=400.0) == 1


def test_what_batch_is_owed_has_bounds() -> None:
    found, now = replace(WELL, owed_at=NOW), NOW
    for _ in range(1000):
        now += 1
        found = condition.reckoned(found, ENDPOINT, 0.05, 0, now)
    assert found.owed_s == condition.MOST_OWED_S
    for _ in range(1000):
        now += 1
        found = condition.reckoned(found, ENDPOINT, 0.05, 30, now)
    assert found.owed_s == condition.LEAST_OWED_S
    assert not condition.is_due(found)


def test_a_worker_that_paused_is_not_owed_the_pause() -> None:
    found = condition.reckoned(replace(WELL, owed_at=NOW), ENDPOINT, 0.05, 0, NOW + 3600)
    assert found.owed_s == pytest.approx(0.05 * 32 * condition.LONGEST_GAP_S)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (RateLimited("x"), Trouble.LIMITED),
        (TimedOut("x"), Trouble.TIMEOUT),
        (Unreachable("x"), Trouble.UNREACHABLE),
        (EndpointError("x"), Trouble.BROKEN),
        (EndpointError("x", status=503), Trouble.SERVER),
        (Refused("x", status=401), Trouble.REFUSED),
        (EndpointError("x", status=400), None),
        (AnswerError("x"), None),
    ],
)
def test_what_an_error_says_about_its_endpoint(error: ModelError, trouble: Trouble | None) -> None:
    assert trouble_of(error) is trouble
    if trouble:
        assert condition.reason_of(trouble, error)
