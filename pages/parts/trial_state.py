"""A trial: which rows, what came of them, and what had come of them the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import streamlit as st

from batch.columns import Columns
from batch.extract import Outcome
from batch.plan import Plan
from core.errors import ShopkeeperError

_TRIAL = "trial"
_WANTED = "trial-wanted"


@dataclass(frozen=True, slots=True)
class Trial:
    """Rows that are tried, or were.

    Attributes:
        row_nos: The rows.
        columns: What was read of them.
        plan: What was asked for.
        outcomes: What has come of each so far.
        before: What had come of each the last time.
        running: Whether rows without an outcome are to be read; survives a redraw of the page.
        problem: Why it could not go on.
    """

    upload_id: str
    row_nos: tuple[int, ...]
    columns: Columns
    plan: Plan
    outcomes: Mapping[int, Outcome] = field(default_factory=dict, repr=False)
    before: Mapping[int, Outcome] = field(default_factory=dict, repr=False)
    running: bool = True
    problem: ShopkeeperError | None = None

    @property
    def missing(self) -> tuple[int, ...]:
        """The rows that nothing has come of yet."""
        return tuple(one for one in self.row_nos if one not in self.outcomes)


def current(upload_id: str) -> Trial | None:
    """The last trial with this file."""
    trial = st.session_state.get(_TRIAL)
    return trial if isinstance(trial, Trial) and trial.upload_id == upload_id else None


def want(row_nos: tuple[int, ...]) -> None:
    """Have rows tried when the page is drawn next, with what is chosen by then."""
    st.session_state[_WANTED] = row_nos


def taken_up(upload_id: str, columns: Columns, plan: Plan) -> Trial | None:
    """The trial to show: a new one, where one is wanted, else the last one."""
    last, wanted = current(upload_id), st.session_state.pop(_WANTED, None)
    if wanted is None:
        return last
    before = {**last.before, **last.outcomes} if last else {}
    same = {row_no: one for row_no, one in before.items() if row_no in wanted}
    return _keep(Trial(upload_id, tuple(wanted), columns, plan, before=same))


def add(trial: Trial, outcome: Outcome) -> Trial:
    """The trial with what came of one more row."""
    outcomes = {**trial.outcomes, outcome.row_no: outcome}
    return _keep(replace(trial, outcomes=outcomes, running=len(outcomes) < len(trial.row_nos)))


def stop(problem: ShopkeeperError | None = None) -> None:
    """Leave the rows that are still missing."""
    trial = st.session_state.get(_TRIAL)
    if isinstance(trial, Trial):
        _keep(replace(trial, running=False, problem=problem))


def _keep(trial: Trial) -> Trial:
    st.session_state[_TRIAL] = trial
    return trial
