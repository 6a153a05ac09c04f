"""What a job may be: its rows and its budget, held against the limits of who starts it."""

from __future__ import annotations

from collections.abc import Collection

from batch.budget import Budget, budget_of, priced_in
from core.endpoints import Endpoint
from core.errors import JobError
from core.limits import JobLimits
from core.money import money

_ASK = "Ask an administrator to"


def allowed_budget(
    limits: JobLimits,
    rows: int,
    budget: Budget | None,
    endpoints: Collection[Endpoint],
    only: str | None = None,
) -> Budget | None:
    """The budget that a new job gets: as it was chosen, else the most that there may be.

    Args:
        limits: Of who starts it.
        rows: How many it has.
        budget: What was chosen; None: no budget.
        endpoints: All that are configured.
        only: The one endpoint that is to serve it.

    Raises:
        JobError: It has too many rows or too large a budget, or none can be kept.
    """
    check_rows(limits, rows)
    if budget is not None:
        check_budget(limits, budget)
        return budget
    return largest_budget(limits, endpoints, only)


def largest_budget(
    limits: JobLimits, endpoints: Collection[Endpoint], only: str | None = None
) -> Budget | None:
    """The most that somebody's job may cost; None: there is no limit, or it costs nothing.

    Args:
        limits: Of who starts it, or has rows of it read again.
        endpoints: All that are configured.
        only: The one endpoint that is to serve it.

    Raises:
        JobError: No budget can be kept.
    """
    if limits.budget is None or not priced_in(endpoints, only):
        return None
    return budget_of(limits.budget, endpoints, only)


def check_rows(limits: JobLimits, rows: int) -> None:
    """See that a job is not too large for who starts it.

    Raises:
        JobError: It is.
    """
    if limits.rows is not None and rows > limits.rows:
        raise JobError(
            f"This catalog has {rows:,} rows, and a job that you start may have {limits.rows:,}. "
            f"{_ASK} start it, or split the file."
        )


def check_budget(limits: JobLimits, budget: Budget) -> None:
    """See that a job does not cost more than who starts or resumes it may spend.

    Raises:
        JobError: It does.
    """
    if limits.budget is not None and budget.amount > limits.budget:
        most = money(limits.budget, budget.currency)
        raise JobError(
            f"A job that you start or resume may cost {most}, not {budget}. {_ASK} allow more."
        )
