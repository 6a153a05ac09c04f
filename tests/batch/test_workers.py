"""Several worker processes over one Postgres: together, killed, frozen, of two versions."""

from __future__ import annotations

import random
import signal
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from batch import control, jobs, stored_rows
from batch.jobs import Job
from batch.post import TAKEN_FOR_DEAD
from core.db import Database, open_database
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from tests import postgres
from tests.batch.conftest import MakeJob, new_job
from tests.batch.processes import (
    DEADLINE_S,
    NEVER_S,
    Losses,
    logged,
    until,
    until_done,
    until_ended,
    worker,
)
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.forked import Forked
from tests.postgres import Postgres

pytestmark = pytest.mark.processes

#: Signs of life, their loss and the taking over, faster than usual.
DEAD_S = 5.0
QUICK = f"from batch import crew; crew.BEAT_S, crew.TRUST_S, crew.DEAD_S = 0.5, 3.0, {DEAD_S}\n"
NEWER = QUICK + "from batch import worker; worker.WORKFLOW_VERSION = 'newer'\n"
#: Dies when the engine's queue has handed it a shard, before it has begun with it.
STILLBORN = (
    "import os; from dbos import _queue as q; q.execute_dequeued_workflow = lambda *_: os._exit(9)"
)
AT_ONCE = 8
#: Beside those in flight: the answers of the last 0.05 s and of one transaction.
UNSTORED = 32
ACME = Reply('{"brand": "Acme"}')


@pytest.fixture
def database(postgres: Postgres) -> str | None:
    return postgres.migrated_database()


def brands(settings: Settings, db: Database, job: Job) -> list[str]:
    return [str(row.values["brand"].value) for row in stored_rows.iterate(settings, db, job)]


def test_workers_that_come_at_once_to_an_empty_database_share_one_job(
    tmp_path: Path, postgres: Postgres, endpoint: FakeEndpoint
) -> None:
    settings = load_settings(home=tmp_path / "home", database=postgres.new_database())
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.1)
    settings.home.mkdir()
    names = {"one", "two", "three"}
    with ExitStack() as crew:
        for name in sorted(names):
            crew.enter_context(worker(settings, endpoint, OPENAI_MODEL=name))
        until(lambda: logged(settings).count("ready as") == len(names))
        db = open_database(settings)
        job = new_job(settings, db, 7000)
        asked = endpoint.requests
        until(lambda: all(sum(one["model"] == name for one in asked) > 10 for name in names))
        control.cancel(db, job.id)
        db.close()
    assert endpoint.most_in_flight <= AT_ONCE
    assert "Traceback" not in logged(settings)


def test_kills_among_three_workers_lose_no_row_and_repeat_only_calls_in_flight(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.08)
    submitted = [new_job(settings, db, 300, first) for first in range(1, 1800, 300)]
    moments, kills, losses = random.Random(11), 6, Losses(endpoint)
    with ExitStack() as crew:

        def start() -> Forked:
            return crew.enter_context(worker(settings, endpoint, before=QUICK))

        living = [start() for _ in range(3)]
        until(lambda: endpoint.calls.total() > 3 * AT_ONCE)
        for number in range(kills):
            time.sleep(moments.uniform(0, 2.5))
            victim = living.pop(moments.randrange(len(living)))
            victim.kill()
            victim.wait(DEADLINE_S)
            losses.note(db, *submitted)
            # Some come back at once, under their names; others never, and the rest go on.
            if len(living) < 2 or number % 2:
                living.append(start())
        endpoint.script = lambda _text, _before: ACME
        ended = [until_ended(db, job) for job in submitted]
    assert {(job.status, job.done) for job in ended} == {(JobStatus.DONE, 300)}
    assert len(endpoint.calls) == 1800
    losses.check(AT_ONCE + UNSTORED)
    assert endpoint.most_in_flight <= AT_ONCE * 2, "those of the killed end in their own time"


def test_a_worker_that_dies_is_replaced_by_one_that_misses_its_signs_of_life(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(100)
    endpoint.script = lambda _text, before: ACME if before else Reply(delay_s=NEVER_S)
    with worker(settings, endpoint) as first:
        until(lambda: endpoint.in_flight == AT_ONCE)
        with worker(settings, endpoint):
            until(lambda: logged(settings).count("ready as") == 2)
            endpoint.script = lambda _text, _before: ACME
            first.kill()
            assert until_ended(db, job).status is JobStatus.DONE
    assert endpoint.calls.total() <= 100 + AT_ONCE


def test_one_that_dies_between_being_handed_a_shard_and_beginning_it_is_replaced_too(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    with worker(settings, endpoint, before=STILLBORN) as first:
        job = make_job(20)
        until(lambda: first.poll() is not None)
    with worker(settings, endpoint, before=QUICK, SHOPKEEPER_HOME=str(other_home(settings))):
        assert until_ended(db, job).done == 20
    assert endpoint.calls.total() == 20


def other_home(settings: Settings) -> Path:
    """A home on another machine, so to speak, with the same uploads."""
    home = settings.home.with_name("other")
    home.mkdir()
    (home / "uploads").symlink_to(settings.home / "uploads")
    return home


def test_a_worker_that_leaves_hands_its_work_over(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(300)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.2)
    quick = partial(worker, settings, endpoint, before=QUICK)
    with quick() as first, quick():
        until_done(db, job, 20)
        first.send_signal(signal.SIGTERM)
        assert first.wait(DEADLINE_S) == 0
        assert until_ended(db, job).done == 300
    assert endpoint.calls.total() <= 300 + AT_ONCE


def test_a_frozen_worker_that_wakes_makes_no_call_changes_nothing_and_ends(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(60)
    frozen = threading.Event()
    late = Reply('{"brand": "Late"}', held=frozen)
    endpoint.script = lambda _text, before: ACME if before else late
    with worker(settings, endpoint, before=QUICK) as first:
        until(lambda: endpoint.in_flight == AT_ONCE)
        first.send_signal(signal.SIGSTOP)
        frozen.set()
        until(lambda: endpoint.in_flight == 0)  # its answers wait for it
        endpoint.script = lambda _text, _before: ACME
        with worker(settings, endpoint, before=QUICK):
            assert until_ended(db, job).done == 60
            before = endpoint.calls.total()
            first.send_signal(signal.SIGCONT)
            assert first.wait(DEADLINE_S) == TAKEN_FOR_DEAD
    assert endpoint.calls.total() == before <= 60 + AT_ONCE
    assert brands(settings, db, job) == ["Acme"] * 60
    assert jobs.get(db, job.id).status is JobStatus.DONE


def test_one_that_was_frozen_while_nobody_else_was_there_goes_on(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(100)
    rest = threading.Event()
    late = Reply('{"brand": "Acme"}', held=rest)
    endpoint.script = lambda text, _: ACME if int(text.split()[-3]) <= 20 else late
    with worker(settings, endpoint, before=QUICK) as only:
        until_done(db, job, 20)
        only.send_signal(signal.SIGSTOP)
        rest.set()
        time.sleep(DEAD_S + 1)
        only.send_signal(signal.SIGCONT)
        assert until_ended(db, job).done == 100
        assert only.poll() is None


def test_runs_of_a_version_that_lives_go_on_and_those_of_one_that_is_gone_begin_anew(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    job = make_job(900)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=1)
    losses = Losses(endpoint)
    with worker(settings, endpoint, before=QUICK, OPENAI_MODEL="old") as old:
        until_done(db, job, 1)
        with worker(settings, endpoint, before=NEWER, OPENAI_MODEL="new"):
            until(lambda: logged(settings).count("ready as") == 2)
            reached = jobs.get(db, job.id).done
            time.sleep(DEAD_S + 3)  # longer than it takes to judge
            until_done(db, job, reached + 1)
            assert jobs.get(db, job.id).run == 1
            assert {body["model"] for body in endpoint.requests} == {"old"}
            endpoint.script = lambda _text, _before: ACME
            old.kill()
            old.wait(DEADLINE_S)
            losses.note(db, job)
            ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.run) == (JobStatus.DONE, 900, 2)
    losses.check(AT_ONCE + UNSTORED)


def test_on_sqlite_too_a_newer_version_begins_anew_what_an_older_one_left(
    tmp_path: Path, endpoint: FakeEndpoint
) -> None:
    alone = load_settings(home=tmp_path / "alone")
    db = open_database(alone)
    job = new_job(alone, db, 200)
    never = Reply(delay_s=NEVER_S)
    endpoint.script = lambda text, _: ACME if int(text.split()[-3]) <= 20 else never
    with worker(alone, endpoint):
        until_done(db, job, 20)
    endpoint.script = lambda _text, _before: ACME
    with worker(alone, endpoint, before=NEWER):
        ended = until_ended(db, job)
    assert (ended.done, ended.run) == (200, 2)
    assert endpoint.calls.total() <= 200 + AT_ONCE
    db.close()


def is_left_alone(endpoint: FakeEndpoint) -> bool:
    """Whether nobody asks it anything for a second; between two calls it is, for a moment."""
    before = endpoint.calls.total()
    time.sleep(1)
    return endpoint.in_flight == 0 and endpoint.calls.total() == before


def test_a_database_that_goes_away_is_waited_for_and_costs_no_row(
    tmp_path: Path, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.2)
    with postgres.running() as server:
        settings = load_settings(home=tmp_path / "home", database=server.new_database())
        db = open_database(settings)
        job = new_job(settings, db, 900)
        with worker(settings, endpoint, before=QUICK) as process:
            until_done(db, job, 30)
            server.stop()
            until(lambda: is_left_alone(endpoint))
            assert len(endpoint.calls) < 900, "it does not go on as if nothing had happened"
            endpoint.script = lambda _text, _before: ACME
            server.start()
            ended = until_ended(db, job)
            assert process.poll() is None
        with db.read() as connection:
            used = connection.execute(sa.text("SELECT count(*) FROM usage")).scalar_one()
        db.close()
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 900, 0)
    assert endpoint.calls.total() <= 900 + AT_ONCE
    assert used == endpoint.calls.total(), "each call stands on the bill once"
    assert "waiting for the database" in logged(settings)
    assert len(logged(settings).splitlines()) < 40, "it says so once, not many times a second"
