from __future__ import annotations

import pytest

from batch.choice import Choice, chosen
from batch.extract import Outcome
from batch.flags import Flag
from batch.rows import record
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from tests.batch.conftest import MakeJob


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice.ALL, [2, 3, 4]),
        (Choice.DONE, [2, 3]),
        (Choice.FLAGGED, [3]),
        (Choice.APPROVED, []),
    ],
)
def test_only_the_meant_rows_come_from_the_first_one_on(
    settings: Settings, db: Database, make_job: MakeJob, choice: Choice, expected: list[int]
) -> None:
    job = make_job(4)
    outcomes = [
        Outcome(1, RowStatus.DONE),
        Outcome(2, RowStatus.DONE),
        Outcome(3, RowStatus.DONE, flags=(Flag("brand", "Not in the text"),)),
        Outcome(4, RowStatus.FAILED, error="no answer"),
    ]
    record(db, job.id, 0, outcomes, 1)
    rows = chosen(settings, db, job, choice, first_row=2)
    assert [row.row_no for row in rows] == expected
