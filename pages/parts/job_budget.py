"""A job's budget on its card: how much of it is spent, and a larger one when it is used up."""

from __future__ import annotations

import streamlit as st

from batch import control
from batch.budget import Budget
from batch.jobs import Job
from core.errors import ShopkeeperError
from core.money import money
from core.statuses import JobStatus
from pages.parts import words
from pages.parts.entry import Shop
from pages.parts.escape import html
from pages.parts.telling import tell

#: What a larger budget is suggested to be beside the old one.
MORE = 2.0


def draw(shop: Shop, job: Job) -> None:
    """Draw what is spent of a job's budget, and the way on when it stopped the job."""
    if job.budget is None:
        return
    st.html(bar_html(job.cost, job.budget))
    if stopped_by_it(job):
        _raise(shop, job, job.budget)


def stopped_by_it(job: Job) -> bool:
    """Whether the job waits for a larger budget; resuming it would be refused, or in vain."""
    return job.budget is not None and job.status is JobStatus.PAUSED and bool(job.reason)


def bar_html(spent: float, budget: Budget) -> str:
    """A bar with its words; colour is never the only sign."""
    share = min(1.0, spent / budget.amount)
    said = f"{money(spent, budget.currency)} of {budget} spent"
    full = " sk-full" if budget.is_used_up(spent) else ""
    return (
        f'<div class="sk-budget{full}"><span>{html(said)}</span>'
        f'<div class="sk-meter"><i style="width:{share:.1%}"></i></div></div>'
    )


def _raise(shop: Shop, job: Job, budget: Budget) -> None:
    most, suggested = shop.job_limits.budget, round(max(budget.amount, job.cost) * MORE, 2)
    if most is not None and max(budget.amount, job.cost) >= most:
        st.caption(
            f"A job that you resume may cost {money(most, budget.currency)}. "
            "Ask an administrator to raise the budget of this one."
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        amount = st.number_input(
            f"New budget in {budget.currency}, with what is spent",
            min_value=0.01,
            max_value=most,
            value=suggested if most is None else min(suggested, most),
            key=f"budget-{job.id}",
            width=240,
        )
        label = f"Raise and resume ({words.several(job.waiting, 'row')} left)"
        pressed = st.button(
            label, key=f"raise-{job.id}", type="primary", icon=":material/play_arrow:"
        )
    if pressed:
        try:
            control.resume(shop.db, job.id, Budget(amount, budget.currency), shop.job_limits)
        except ShopkeeperError as error:
            tell(error.message, problem=True)
        st.rerun()
