"""What a job may cost: in which currency, how much of it is spent, and when that is enough.

What is spent is kept in the shards, a sum that every stored block raises: the
cost of a million calls is never added up again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.extract import Outcome
from core import events
from core.db import Database, when_back
from core.endpoints import Endpoint
from core.errors import JobError
from core.events import EventKind
from core.model import Request
from core.money import money
from core.schema import jobs, shards
from core.statuses import ACTIVE, JobStatus, Lane
from core.usage import Tokens

#: While less is left than so many calls like the dearest one cost, it is looked before each call.
NEAR_CALLS = 256
#: A token is hardly ever shorter, in any language: what is not sent yet is rather overestimated.
CHARACTERS_A_TOKEN = 3
ROUNDING = 1e-9
_BEGINNING = "The budget of "


@dataclass(frozen=True, slots=True)
class Budget:
    """What a job may cost at the most.

    Attributes:
        currency: Three letters.
    """

    amount: float
    currency: str

    def __str__(self) -> str:
        return money(self.amount, self.currency)

    def is_used_up(self, paid: float) -> bool:
        """Whether that much was all; sums of cents are never quite exact."""
        return paid >= self.amount * (1 - ROUNDING)


def budget_of(amount: float, endpoints: Collection[Endpoint], only: str | None = None) -> Budget:
    """A budget in the currency of the endpoints that may serve a job.

    Args:
        amount: What the job may cost.
        endpoints: All that are configured.
        only: The one endpoint that is to serve it.

    Raises:
        JobError: It is no amount of money, or nothing there has a price in one currency.
    """
    if not (math.isfinite(amount) and amount > 0):
        raise JobError("A budget must be more than 0.")
    currencies = priced_in(endpoints, only)
    if not currencies:
        raise JobError(
            "A budget would never stop this job: no model that may read its rows has a price. "
            "Set input_price and output_price in endpoints.toml, or leave the budget out."
        )
    if len(currencies) > 1:
        raise JobError(
            f"The models that may read these rows have prices in {' and '.join(currencies)}: "
            "no budget can be kept over both. Use one currency in endpoints.toml."
        )
    return Budget(amount, currencies[0])


def priced_in(endpoints: Collection[Endpoint], only: str | None = None) -> list[str]:
    """The currencies in which endpoints charge that may serve a job."""
    serving = [one for one in endpoints if Lane.BATCH in one.lanes and only in (None, one.name)]
    return sorted({one.currency for one in serving if one.has_price})


def spent(connection: Connection, job_id: str) -> float:
    """What a job's calls have cost so far."""
    total = sa.select(sa.func.sum(shards.c.cost)).where(shards.c.job_id == job_id)
    return float(connection.execute(total).scalar() or 0.0)


def cost(outcomes: Collection[Outcome]) -> float:
    """What the calls of rows have cost."""
    return sum(call.cost for outcome in outcomes for call in outcome.calls)


def check_left(connection: Connection, job_id: str) -> None:
    """See that something is left of a job's budget, if it has one.

    Raises:
        JobError: It is used up.
    """
    limit = sa.select(jobs.c.budget, jobs.c.currency).where(jobs.c.id == job_id)
    found = connection.execute(limit).first()
    if found is None or found.budget is None:
        return
    budget = Budget(found.budget, found.currency)
    if budget.is_used_up(paid := spent(connection, job_id)):
        raise JobError(
            f"{_BEGINNING}{budget} is used up: {money(paid, budget.currency)} is spent. "
            "Raise the budget first."
        )


def stop(db: Database, job_id: str, run: int) -> None:
    """Pause a job whose budget does not reach any further, and say so.

    Told again when its last calls have ended: then with all that they have brought.
    """
    paused_so = sa.and_(
        jobs.c.status == JobStatus.PAUSED, jobs.c.reason.like(f"{_BEGINNING}%"), jobs.c.run == run
    )
    with db.write() as connection:
        held = sa.select(jobs).where(jobs.c.id == job_id, jobs.c.run == run).with_for_update()
        job = connection.execute(held).mappings().first()
        if job is None or job["budget"] is None:
            return
        done, failed = connection.execute(
            sa.select(sa.func.sum(shards.c.done), sa.func.sum(shards.c.failed)).where(
                shards.c.job_id == job_id
            )
        ).one()
        budget = Budget(job["budget"], job["currency"])
        used_up = budget.is_used_up(spent(connection, job_id))
        ends = "is used up" if used_up else "does not reach for another row"
        left = job["rows"] - done - failed
        reason = (
            f"{_BEGINNING}{budget} {ends}: {_rows(done)} done, {left:,} left. "
            "Raise the budget and resume."
        )
        ours = sa.and_(jobs.c.run == run, jobs.c.status.in_(ACTIVE))
        connection.execute(
            jobs.update()
            .where(jobs.c.id == job_id, sa.or_(ours, paused_so))
            .values(status=JobStatus.PAUSED, reason=reason)
        )
        if job["status"] in ACTIVE:
            events.record(connection, EventKind.JOB_BUDGET, job_id, {"reason": reason})


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"


def expected_cost(endpoint: Endpoint, request: Request, completion: float | None) -> float:
    """What a call that is not made yet will hardly exceed.

    Args:
        endpoint: Whom it goes to.
        request: What is asked.
        completion: Tokens of an answer, where they were measured; else the longest there may be.
    """
    read = sum(len(one["content"]) for one in request.messages) + len(str(request.schema))
    written = request.max_tokens if completion is None else completion
    tokens = Tokens(math.ceil(read / CHARACTERS_A_TOKEN), math.ceil(written))
    return endpoint.cost(tokens)


class Purse:
    """What is left of a job's budget, as the row loop of one worker sees it.

    Counts the answers that are not stored yet with what all workers have stored,
    and the calls under way as dear as the dearest one: the first call is waited
    for, to see that. While plenty is left it looks only when a block is stored,
    and towards the end before each call. Workers share what is left then: what is
    spent too much is at most what others have under way or are just storing.

    Args:
        budget: The job's.
        read: Tells what is stored as spent, and how many workers there are.
    """

    def __init__(self, budget: Budget, read: Callable[[], tuple[float, int]]) -> None:
        self._budget = budget
        self._read = read
        self._stored, self._workers = 0.0, 1
        self._to_store = 0.0
        self._dearest: float | None = None
        self._under_way = 0
        self._ended = asyncio.Event()
        self._closed = False
        self._turn = asyncio.Lock()
        #: Whether a row was not asked for since the budget does not reach for it.
        self.refused = False

    @property
    def near_its_end(self) -> bool:
        """Whether every call counts now."""
        left = self._budget.amount - self._paid
        return self._dearest is None or left <= NEAR_CALLS * self._dearest

    @property
    def _paid(self) -> float:
        return self._stored + self._to_store

    async def allows(self) -> bool:
        """Wait until it is clear whether one more row may be asked for; it is then under way."""
        while True:
            if self.near_its_end and not self._closed:
                await self._look()
            if self._closed or self._budget.is_used_up(self._paid):
                self.refused = True
                return False
            if self._reaches():
                self._under_way += 1
                return True
            self._ended.clear()
            await self._ended.wait()

    def _reaches(self) -> bool:
        """Whether it reaches for one more call, when those under way have been paid for."""
        if not self._under_way or self._dearest is None:
            return not self._under_way
        promised = self._under_way * self._dearest * self._workers
        return not self._budget.is_used_up(self._paid + promised)

    def ended(self, outcome: Outcome | None) -> None:
        """A row is not under way any more; its outcome, if it has one, is to be stored."""
        self._under_way -= 1
        if outcome is not None:
            paid = cost([outcome])
            self._to_store += paid
            self._dearest = max(self._dearest or 0.0, paid)
        self._ended.set()

    async def is_empty(self) -> bool:
        """Whether it is used up, by whatever worker; nothing more is then allowed."""
        await self._look()
        self._closed = self._closed or self._budget.is_used_up(self._paid)
        self._ended.set()
        return self._closed

    @asynccontextmanager
    async def storing(self, block: Sequence[Outcome]) -> AsyncIterator[None]:
        """While a block is stored, nobody looks: it would be counted twice, or not at all."""
        async with self._turn:
            yield
            self._stored, self._workers = await asyncio.to_thread(when_back, self._read)
            self._to_store -= cost(block)

    async def _look(self) -> None:
        async with self._turn:
            self._stored, self._workers = await asyncio.to_thread(when_back, self._read)
