"""What a job will take, from outcomes made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.estimate import When, estimate, share
from batch.extract import Outcome
from batch.flags import Flag
from core.endpoints import Endpoint, Feature
from core.statuses import Lane, RowStatus
from core.usage import Tokens

HERE = Endpoint("embedded", "", "small", slots=4, reserve=3)
DEAR = Endpoint(
    "dear",
    "https://x/v1",
    "large",
    slots=11,
    reserve=1,
    input_price=1.0,
    output_price=10.0,
    supports=frozenset({Feature.PROVIDER_BATCH}),
)


def outcome(prompt: int, completion: int = 10, ms: float = 500.0, **more: object) -> Outcome:
    return Outcome(1, RowStatus.DONE, tokens=Tokens(prompt, completion), total_ms=ms, **more)  # type: ignore[arg-type]


ALIKE = [outcome(1000, 100)] * 10


def test_tokens_are_the_mean_over_all_rows_with_a_range_where_rows_differ() -> None:
    found = estimate(1000, [outcome(100), outcome(200), outcome(300)], [HERE])
    assert found is not None
    assert found.prompt.middle == pytest.approx(200_000)
    # 200 ± t(0.975, 2) * 100 / sqrt(3), hardly less for a sample of three in a thousand.
    assert found.prompt.low == 0.0
    assert found.prompt.high == pytest.approx(448_041, rel=0.01)
    assert found.completion == found.completion.__class__(10_000, 10_000, 10_000)
    more = estimate(1000, [outcome(100), outcome(200), outcome(300)] * 10, [HERE])
    assert more is not None
    assert more.prompt.low > 165_000 and more.prompt.high < 235_000


def test_the_embedded_model_costs_nothing_and_its_slots_share_one_processor() -> None:
    found = estimate(100, ALIKE, [HERE])
    assert found is not None
    background = found.way(When.BACKGROUND)
    assert (background.free, background.cost) == (True, None)
    assert background.seconds == found.way(When.NOW).seconds == pytest.approx(50)
    assert found.way(When.CHEAPEST).endpoints == ()
    assert found.advised is When.BACKGROUND


def test_money_and_time_follow_prices_slots_and_the_providers_share() -> None:
    found = estimate(10_000, ALIKE, [DEAR])
    assert found is not None
    # 1,000 tokens read at 1 and 100 written at 10 a million: 0.2 cents a row.
    background, cheapest = found.way(When.BACKGROUND), found.way(When.CHEAPEST)
    assert background.cost is not None and cheapest.cost is not None
    assert background.cost.middle == pytest.approx(20.0)
    assert cheapest.cost.middle == pytest.approx(10.0)
    assert cheapest.currency == "USD"
    assert background.seconds == pytest.approx(10_000 * 0.5 / 10)
    assert found.way(When.NOW).seconds == pytest.approx(10_000 * 0.5 / 11)
    assert found.advised is When.CHEAPEST
    few = estimate(100, ALIKE, [DEAR])
    assert few is not None
    assert few.advised is When.BACKGROUND, "ten cents are not worth a day"


def test_limits_by_the_minute_make_it_slower() -> None:
    by_requests = estimate(600, ALIKE, [replace(DEAR, rpm=60)])
    by_tokens = estimate(600, ALIKE, [replace(DEAR, tpm=11_000)])
    assert by_requests is not None and by_tokens is not None
    assert by_requests.way(When.BACKGROUND).seconds == pytest.approx(600)
    assert by_tokens.way(When.BACKGROUND).seconds == pytest.approx(3600)


def test_several_endpoints_give_a_range_and_two_currencies_none() -> None:
    both = estimate(1000, ALIKE, [HERE, DEAR])
    assert both is not None
    cost = both.way(When.BACKGROUND).cost
    assert cost is not None
    assert cost.low == 0.0
    assert cost.high == pytest.approx(2.0)
    assert not both.way(When.BACKGROUND).free
    mixed = estimate(1000, ALIKE, [DEAR, replace(DEAR, currency="EUR")])
    assert mixed is not None
    assert mixed.way(When.BACKGROUND).cost is None
    chat_only = replace(DEAR, lanes=frozenset({Lane.CHAT}))
    now = estimate(1000, ALIKE, [HERE, chat_only])
    assert now is not None
    assert now.way(When.BACKGROUND).free


def test_the_share_to_review_has_wilsons_interval() -> None:
    doubtful = outcome(10, flags=(Flag("color", "Not in the row"),))
    failed = Outcome(2, RowStatus.FAILED, tokens=Tokens(10, 1), total_ms=5.0)
    found = estimate(100, [doubtful] * 2 + [outcome(10)] * 8 + [failed], [HERE])
    assert found is not None
    review = found.review
    assert (review.count, review.of, found.failed, found.read) == (2, 10, 1, 11)
    # Published for 2 of 10.
    assert (round(review.low, 4), round(review.high, 4)) == (0.0567, 0.5098)
    assert share(0, 20).low == 0.0 and 0.1 < share(0, 20).high < 0.2
    assert (share(0, 0).low, share(0, 0).high) == (0.0, 1.0)


def test_nothing_read_nothing_told() -> None:
    assert estimate(100, [], [HERE]) is None
