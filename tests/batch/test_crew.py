from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from batch import crew, post
from batch.post import joined
from core.db import Database, open_database
from core.postgres import SERVER_NOW
from core.schema import workers
from core.settings import Settings, load_settings
from tests.postgres import Postgres

VERSION = "7"
Change = Callable[..., None]


@pytest.fixture
def database(postgres: Postgres) -> str | None:
    return postgres.migrated_database()


@pytest.fixture
def change(db: Database) -> Change:
    """Changes the row of every worker, as time or another machine would."""

    def change(**values: object) -> None:
        with db.write() as connection:
            connection.execute(workers.update().values(values))

    return change


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "BEAT_S", 0.1)
    monkeypatch.setattr(post, "WATCHED_BEATS", 100.0)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@pytest.mark.processes
def test_a_worker_has_the_same_name_after_a_restart(settings: Settings, db: Database) -> None:
    with joined(settings, db, VERSION) as place:
        first = place.name
        (found,) = crew.living(db)
        assert (found.name, found.version) == (first, VERSION)
    with joined(settings, db, VERSION) as place:
        assert place.name == first
    assert socket.gethostname()[:40] in first


@pytest.mark.processes
def test_one_that_was_killed_a_moment_ago_is_followed_under_its_name(
    settings: Settings, db: Database, change: Change
) -> None:
    with joined(settings, db, VERSION) as place:
        first = place.name
    change(beat_at=SERVER_NOW, pid=2**22 + 1)  # no process has this id
    with joined(settings, db, VERSION) as place:
        assert place.name == first


@pytest.mark.processes
def test_workers_of_one_home_have_numbers_and_two_homes_different_names(
    settings: Settings, db: Database
) -> None:
    other = load_settings(home=settings.home / "other", database=settings.database)
    with ExitStack() as all_of_them:
        homes = (settings, settings, other)
        places = [all_of_them.enter_context(joined(home, db, VERSION)) for home in homes]
        names = [place.name for place in places]
        assert len(set(names)) == 3
        assert names[1] == f"{names[0][:-1]}2"
        assert [member.name for member in crew.living(db)] == sorted(names)


@pytest.mark.processes
def test_a_name_that_lives_on_another_machine_is_left_to_it(
    settings: Settings, db: Database, change: Change
) -> None:
    copy = load_settings(home=settings.home, database=settings.database)
    with joined(settings, db, VERSION) as there:
        change(host="other/1")
        # The same home on another machine: its locks are not ours.
        for lock in (settings.home / "run").glob("worker-*.lock"):
            lock.unlink()
        with joined(copy, db, VERSION) as here:
            assert here.name != there.name


@pytest.mark.processes
def test_the_dead_and_those_who_left_are_buried_and_the_living_are_not(
    settings: Settings, db: Database, change: Change
) -> None:
    with joined(settings, db, VERSION) as place:
        assert crew.bury(db) == []
        left = place.name
    assert crew.living(db) == []
    assert crew.bury(db) == [left]
    assert crew.bury(db) == []


@pytest.mark.processes
def test_one_that_was_buried_alive_learns_of_it_and_is_never_sure_again(
    settings: Settings, db: Database, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[bool] = []
    with joined(settings, db, VERSION, lambda: lost.append(True)) as place:
        assert place.is_sure()
        monkeypatch.setattr(crew, "TRUST_S", 0.5)
        change(beat_at=SERVER_NOW - 2 * crew.DEAD_S)
        # Whichever comes first: the sign of life, or the burial.
        while not crew.bury(db):
            change(beat_at=SERVER_NOW - 2 * crew.DEAD_S)
        until(lambda: bool(lost))
        until(lambda: not place.is_sure())
    assert crew.living(db) == []


@pytest.mark.processes
def test_one_whose_name_was_taken_over_learns_of_it(
    settings: Settings, db: Database, change: Change
) -> None:
    lost: list[bool] = []
    with joined(settings, db, VERSION, lambda: lost.append(True)):
        change(instance="another")
        until(lambda: bool(lost))


@pytest.mark.processes
def test_nobody_is_judged_by_one_that_was_cut_off_itself(
    settings: Settings, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "TRUST_S", 0.5)
    monkeypatch.setattr(crew, "DEAD_S", 4.0)
    with joined(settings, db, VERSION) as place:
        assert not place.may_judge(), "it has only just come"
        until(place.may_judge)
        with db.write() as connection:
            connection.execute(sa.text("LOCK TABLE workers"))
            until(lambda: not place.is_sure())
            assert not place.may_judge()
        until(place.is_sure)
        assert not place.may_judge(), "others may just be coming back, too"
        until(place.may_judge)


def test_on_sqlite_there_is_one_and_it_is_always_sure(tmp_path: Path) -> None:
    alone = load_settings(home=tmp_path)
    db = open_database(alone)
    with joined(alone, db, VERSION) as place:
        assert (place.name, place.is_sure(), place.may_judge()) == ("worker", True, True)
        assert (crew.living(db), crew.bury(db)) == ([], [])
    db.close()
