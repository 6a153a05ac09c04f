from __future__ import annotations

import io

from batch import rows, uploads
from batch.columns import Columns
from batch.extract import Outcome
from batch.forecast import Forecast, forecast
from batch.inputs import Inputs
from batch.plan import Plan
from batch.submission import submit
from core.db import Database
from core.settings import Settings
from core.statuses import RowStatus
from tests.batch.conftest import FIELDS

COLUMNS = Columns(id="id", title="title", text=("title",))


def upload(settings: Settings, db: Database, *titles: str) -> str:
    lines = [f"P{number},{title}" for number, title in enumerate(titles, start=1)]
    data = io.BytesIO("\n".join(["id,title", *lines]).encode())
    return uploads.store(settings, db, "cups.csv", data).id


def test_unchanged_and_equal_rows_are_told_before_the_start(
    settings: Settings, db: Database
) -> None:
    titles = [f"cup {number}" for number in range(1200)]
    today = upload(settings, db, *titles)
    assert forecast(settings, db, today, COLUMNS, Plan(FIELDS), {"m"}) == Forecast(1200, 0, 0)
    job = submit(db, today, COLUMNS, Plan(FIELDS), "Cups")
    inputs = Inputs(COLUMNS, Plan(FIELDS))
    known = [inputs.of(at, {"title": title}).key for at, title in enumerate(titles[:1000], 1)]
    outcomes = [
        Outcome(at, RowStatus.DONE, key=key, model="m") for at, key in enumerate(known, start=1)
    ]
    rows.record(db, job.id, 0, outcomes, 1)
    tomorrow = upload(settings, db, "new", *reversed(titles), "new", "cup 1199")
    seen: list[tuple[int, int]] = []
    found = forecast(
        settings, db, tomorrow, COLUMNS, Plan(FIELDS), {"m"}, lambda *at: seen.append(at)
    )
    assert found == Forecast(rows=1203, known=1000, repeated=2)
    assert found.to_ask == 201
    assert seen == [(1000, 1203), (1203, 1203)]
    assert forecast(settings, db, tomorrow, COLUMNS, Plan(FIELDS), {"other"}).known == 0
