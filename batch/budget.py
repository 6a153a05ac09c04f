"""What a job may cost: in which currency, how much of it is spent, and when that is enough.

What is spent is kept in the shards, a sum that every stored block raises: the
cost of a million calls is never added up again.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from batch.extract import Outcome
from core import events
from core.db import Database
from core.endpoints import Endpoint
from core.errors import JobError
from core.events import EventKind
from core.model import Request
from core.money import money
from core.schema import jobs, shards
from core.statuses import ACTIVE, JobStatus, Lane
from core.usage import Tokens

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
