"""What a job will take, judged by a few rows that were read: tokens, money, time, doubts.

Plain sums over outcomes; knows no database and no model.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from batch.extract import Outcome
from core.endpoints import Endpoint
from core.statuses import Lane, RowStatus

#: How sure the intervals are.
SURE = 0.95
#: What has to be saved before a person is advised to wait for a day.
WORTH_WAITING = 1.0
PROVIDER_S = 86_400.0


class When(StrEnum):
    """How fresh the results must be."""

    NOW = "now"  #: while a person waits
    BACKGROUND = "background"  #: as the models have time
    CHEAPEST = "cheapest"  #: in a provider's batches, within 24 hours


@dataclass(frozen=True, slots=True)
class Range:
    """A figure for the whole job: what is expected, and where it lies with 95% certainty."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the rows, as so many of those that were read.

    Attributes:
        low: Of Wilson's interval; as ``high`` between 0 and 1.
    """

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have the rows read.

    Attributes:
        endpoints: Who would read them; none: it is not set up.
        cost: None where no price is known, or prices are in several currencies.
        currency: Of the cost.
        free: Whether it is all done on this machine.
        seconds: How long it takes; None where that cannot be told.
    """

    when: When
    endpoints: tuple[str, ...]
    cost: Range | None
    currency: str
    free: bool
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will take.

    Attributes:
        to_ask: Rows that a model is still to be asked for.
        read: Rows that this is judged by.
        failed: Of these, those that failed.
        review: Of those that were done, the ones a person should look at.
        prompt: Tokens read in all, cached ones among them.
        cached: Tokens that the model had read before.
        completion: Tokens written.
        ways: Every way there is, and those that could be set up.
        advised: The way that most people would take.
    """

    to_ask: int
    read: int
    failed: int
    review: Share
    prompt: Range
    cached: Range
    completion: Range
    ways: tuple[Way, ...]
    advised: When

    def way(self, when: When) -> Way:
        """One of the ways."""
        return next(one for one in self.ways if one.when is when)


def estimate(
    to_ask: int, outcomes: Sequence[Outcome], endpoints: Collection[Endpoint]
) -> Estimate | None:
    """Judge a job by some of its rows.

    Args:
        to_ask: Rows that a model is still to be asked for.
        outcomes: What came of rows that stand for them.
        endpoints: All that are configured.

    Returns:
        None without rows to judge by.
    """
    if not outcomes:
        return None
    done = [one for one in outcomes if one.status is RowStatus.DONE]
    sample = _Sample(to_ask, outcomes)
    ways = tuple(sample.way(when, _serving(endpoints, when)) for when in When)
    return Estimate(
        to_ask=to_ask,
        read=len(outcomes),
        failed=len(outcomes) - len(done),
        review=share(sum(bool(one.flags) for one in done), len(done)),
        prompt=sample.whole([one.tokens.prompt for one in outcomes]),
        cached=sample.whole([one.tokens.cached for one in outcomes]),
        completion=sample.whole([one.tokens.completion for one in outcomes]),
        ways=ways,
        advised=_advised(ways),
    )


def _serving(endpoints: Collection[Endpoint], when: When) -> list[Endpoint]:
    if when is When.CHEAPEST:
        return [one.in_batches() for one in endpoints if one.offers_batches][:1]
    lane = Lane.CHAT if when is When.NOW else Lane.BATCH
    return [one for one in endpoints if lane in one.lanes]


def _advised(ways: Sequence[Way]) -> When:
    """In the background, unless waiting for a provider saves money that is worth it."""
    cost = {way.when: way.cost for way in ways}
    background, cheapest = cost[When.BACKGROUND], cost[When.CHEAPEST]
    offered = any(way.when is When.CHEAPEST and way.endpoints for way in ways)
    if not (offered and background and cheapest):
        return When.BACKGROUND
    saved = background.middle - cheapest.middle
    return When.CHEAPEST if saved >= WORTH_WAITING else When.BACKGROUND


def share(count: int, of: int) -> Share:
    """A share with Wilson's interval, which is right for few rows, and for none or all of them."""
    if not of:
        return Share(0, 0, 0.0, 1.0)
    # Its import takes a second, which only those wait for who want an estimate.
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(SURE, method="wilson")
    return Share(count, of, float(interval.low), float(interval.high))


class _Sample:
    """Rows that stand for many."""

    def __init__(self, to_ask: int, outcomes: Sequence[Outcome]) -> None:
        self._to_ask = to_ask
        self._outcomes = outcomes
        took = [one.total_ms for one in outcomes if one.total_ms]
        self._seconds = sum(took) / len(took) / 1000 if took else 0.0
        tokens = [one.tokens.prompt + one.tokens.completion for one in outcomes]
        self._tokens = sum(tokens) / len(tokens)

    def whole(self, each: Sequence[float]) -> Range:
        """The sum over all rows, from its figures for those that were read."""
        count, total = len(each), self._to_ask
        mean, margin = float(np.mean(each)), 0.0
        if count > 1 and total:
            from scipy.stats import t

            left_open = math.sqrt(total / (total + count))
            error = float(np.std(each, ddof=1)) / math.sqrt(count) * left_open
            margin = float(t.ppf((1 + SURE) / 2, count - 1)) * error
        return Range(max(mean - margin, 0.0) * total, mean * total, (mean + margin) * total)

    def way(self, when: When, endpoints: Sequence[Endpoint]) -> Way:
        """What it takes to have all rows read by these endpoints."""
        cost, currency = self._cost(endpoints)
        return Way(
            when=when,
            endpoints=tuple(one.name for one in endpoints),
            cost=cost,
            currency=currency,
            free=bool(endpoints) and not any(one.base_url for one in endpoints),
            seconds=self._time(when, endpoints),
        )

    def _cost(self, endpoints: Sequence[Endpoint]) -> tuple[Range | None, str]:
        currencies = {one.currency for one in endpoints if one.has_price}
        if len(currencies) != 1:
            return None, ""
        # Which of them answers is not known before: each may be the one.
        by_each = [
            (one.slots, self.whole([one.cost(row.tokens) for row in self._outcomes]))
            for one in endpoints
        ]
        slots = sum(count for count, _ in by_each)
        middle = sum(count * found.middle for count, found in by_each) / slots
        low = min(found.low for _, found in by_each)
        high = max(found.high for _, found in by_each)
        return Range(low, middle, high), currencies.pop()

    def _time(self, when: When, endpoints: Sequence[Endpoint]) -> float | None:
        if when is When.CHEAPEST:
            return PROVIDER_S if endpoints else None
        speed = sum(self._speed(when, one) for one in endpoints)
        return self._to_ask / speed if speed else None

    def _speed(self, when: When, endpoint: Endpoint) -> float:
        """Rows a second, by slots and by limits."""
        if not self._seconds:
            return 0.0
        # On this machine more calls at once are not faster: they share its processor.
        shared = when is When.BACKGROUND or not endpoint.base_url
        limits = [(endpoint.batch_slots if shared else endpoint.slots) / self._seconds]
        if endpoint.rpm is not None:
            limits.append(endpoint.rpm / 60)
        if endpoint.tpm is not None and self._tokens:
            limits.append(endpoint.tpm / 60 / self._tokens)
        return min(limits)
