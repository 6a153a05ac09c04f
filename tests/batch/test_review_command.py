"""python -m batch review: the same as on the page, from a script."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from batch.__main__ import app
from batch.flags import Flag
from batch.jobs import Job
from core.db import Database
from core.settings import Settings
from tests.batch.reviewing import NOT_THERE, reviewed_job, tent


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    return reviewed_job(settings, db, [tent(1), tent(2, Flag("color", NOT_THERE))])


def call(settings: Settings, *arguments: str) -> tuple[int, Any, str]:
    environment = {"SHOPKEEPER_HOME": str(settings.home), "SHOPKEEPER_SAMPLE_SHOP": "false"}
    result = CliRunner().invoke(app, ["review", *arguments], env=environment)
    return result.exit_code, json.loads(result.stdout or "null"), result.stderr


def test_rows_that_need_a_person_are_printed_first(settings: Settings, job: Job) -> None:
    code, told, _ = call(settings, job.id)
    assert code == 0
    assert [one["row"] for one in told["rows"]] == [2, 1]
    assert told["rows"][0]["doubts"] == [{"field": "color", "reason": NOT_THERE, "detail": ""}]


def test_values_are_set_approved_and_undone(settings: Settings, job: Job) -> None:
    code, told, _ = call(
        settings,
        job.id,
        "--row",
        "2",
        "--set",
        "color=Navy",
        "--set",
        "capacity=",
        "--approve",
        "2",
    )
    assert code == 0
    (row,) = told["changed"]
    assert (row["values"]["color"]["value"], row["values"]["color"]["origin"]) == ("Navy", "human")
    assert (row["approved"], row["changed"]) == (True, ["capacity", "color"])
    _, told, _ = call(settings, job.id, "--state", "approved")
    assert told["accuracy"]["approved"]["fields"]["color"]["right"] == 0
    assert call(settings, job.id, "--undo")[1]["changed"][0]["approved"] is False
    undone = call(settings, job.id, "--undo")[1]["changed"][0]
    assert (undone["values"]["color"]["value"], undone["changed"]) == ("NAVY", [])
    code, _, said = call(settings, job.id, "--undo")
    assert (code, "nothing in this job that could be undone" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--row", "1", "--set", "capacity=big"], "“capacity” takes one number"),
        (["--row", "1", "--set", "colour=red"], "no field “colour” in row 1"),
        (["--approve", "9"], "Row 9 of job"),
        (["--set", "color=red"], "--set needs --row"),
        (["--row", "1", "--set", "color"], "has no"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_changes(
    settings: Settings, job: Job, arguments: list[str], says: str
) -> None:
    code, _, said = call(settings, job.id, *arguments)
    assert code == 2
    assert says in " ".join(said.split())
    assert not any(one["changed"] for one in call(settings, job.id, "--state", "all")[1]["rows"])
