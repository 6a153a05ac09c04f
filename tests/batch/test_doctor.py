from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock
from typer.testing import CliRunner

from batch import control, jobs, rows, uploads
from batch.__main__ import app
from batch.doctor import Finding, examine
from batch.extract import Outcome
from batch.post import joined
from core import schema
from core.db import Database, open_database
from core.settings import Settings, load_settings
from core.statuses import RowStatus
from core.storage import open_storage
from tests.batch.conftest import MakeJob, new_job
from tests.postgres import Postgres


def found(settings: Settings, db: Database) -> dict[str, list[Finding]]:
    return {name: findings for name, findings in examine(settings, db) if findings}


def mend(finding: Finding) -> None:
    assert finding.mend is not None
    finding.mend()


def test_a_home_in_order_has_nothing_to_tell(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    control.pause(db, make_job(3).id)
    assert found(settings, db) == {}


def test_wrong_counts_are_counted_again(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1500)
    rows.record(db, job.id, 1, [Outcome(1200, RowStatus.DONE)], 1)
    control.pause(db, job.id)
    with db.write() as connection:
        connection.execute(schema.shards.update().values(done=7))
    wrong = found(settings, db)["Counts of rows"]
    assert [one.message.partition("rows ")[2] for one in wrong] == [
        "1 to 1,000 are wrong.",
        "1,001 to 2,000 are wrong.",
    ]
    for one in wrong:
        mend(one)
    assert found(settings, db) == {}
    assert jobs.get(db, job.id).done == 1


def test_a_folder_of_no_upload_is_removed_and_a_lost_table_is_told(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    control.pause(db, job.id)
    with (open_storage(settings) / "left" / "original").create() as file:
        file.write(b"x")
    (orphan,) = found(settings, db)["Catalogs"]
    mend(orphan)
    assert not (open_storage(settings) / "left").exists()
    uploads.table_path(settings, job.upload_id).remove()
    (lost,) = found(settings, db)["Catalogs"]
    assert "bottles.csv" in lost.message
    assert lost.mend is None


def test_a_damaged_engine_file_is_put_aside_and_jobs_begin_another_run(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    path = settings.home / "engine.db"
    path.write_bytes(b"no database at all, " * 500)
    (damaged,) = found(settings, db)["Batch engine"]
    mend(damaged)
    assert not path.exists()
    assert [one.name for one in settings.home.glob("damaged-*")]
    assert jobs.get(db, job.id).run == 2


def test_jobs_that_nobody_works_on_and_jobs_that_stand_still_are_told(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    assert "no worker runs" in found(settings, db)["Jobs"][0].message
    with FileLock(settings.home / "worker.lock"):
        assert found(settings, db) == {}
        with db.write() as connection:
            for ago in (1500.0, 2.0):
                values = dict.fromkeys(("done", "failed", "calls"), 0)
                values |= {"prompt_tokens": 0, "completion_tokens": 0}
                connection.execute(
                    schema.samples.insert().values(job_id=job.id, at=time.time() - ago, **values)
                )
        (standing,) = found(settings, db)["Jobs"]
        assert "has not moved for 24 minutes" in standing.message
        mend(standing)
    assert jobs.get(db, job.id).run == 2


@pytest.mark.processes
def test_on_postgres_a_worker_of_any_machine_counts(tmp_path: Path, postgres: Postgres) -> None:
    here = load_settings(home=tmp_path / "here", database=postgres.migrated_database())
    there = load_settings(home=tmp_path / "there", database=here.database)
    db = open_database(here)
    new_job(here, db, 2)
    assert "no worker runs" in found(here, db)["Jobs"][0].message
    with joined(there, db, "1"):
        assert found(here, db) == {}
    db.close()


def test_rows_held_by_jobs_that_do_not_run_are_let_go(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(2)
    control.cancel(db, job.id)
    with db.write() as connection:
        held = {"job_id": job.id, "input_key": b"x" * 16, "row_no": 1, "run": 1}
        connection.execute(schema.claims.insert().values(held))
    (one,) = found(settings, db)["Rows held"]
    mend(one)
    with db.read() as connection:
        assert connection.execute(sa.select(schema.claims.c.row_no)).all() == []


@pytest.fixture
def shell(settings: Settings) -> Callable[..., tuple[int, str]]:
    def run(*arguments: str, answer: str = "") -> tuple[int, str]:
        environment = {"SHOPKEEPER_HOME": str(settings.home)}
        result = CliRunner().invoke(app, ["doctor", *arguments], env=environment, input=answer)
        return result.exit_code, result.stdout + result.stderr

    return run


def test_the_command_tells_asks_and_mends(
    db: Database, make_job: MakeJob, shell: Callable[..., tuple[int, str]]
) -> None:
    job = make_job(3)
    control.pause(db, job.id)
    assert shell()[0] == 0
    with db.write() as connection:
        connection.execute(schema.shards.update().values(done=7))
    code, said = shell()
    assert code == 1
    assert "--repair would count them again" in said
    assert shell("--repair", answer="n\n")[0] == 1
    assert shell("--repair", answer="y\n")[0] == 0
    assert shell("--json")[0] == 0
