"""What Postgres alone can do to us, each told in words and got over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import postgres as ours
from core.db import Database, clock, open_database, when_back
from core.engines import open_engine
from core.errors import DatabaseAway, SettingError
from core.migrations import newest, upgrade
from core.pool import open_pool
from core.settings import load_settings
from tests import postgres
from tests.postgres import Postgres, end_sessions

pytestmark = pytest.mark.processes
BACKEND = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def database(postgres: Postgres) -> str | None:
    return postgres.new_database()


@pytest.fixture
def strict() -> Iterator[Postgres]:
    """A server that can be told to ask for passwords."""
    with postgres.running() as server:
        yield server


def test_a_wrong_password_is_named_and_not_shown(strict: Postgres, tmp_path: Path) -> None:
    url = sa.make_url(strict.new_database())
    strict.new_user("shop", "right")
    strict.ask_for_passwords()
    wrong = url.set(username="shop", password="hunter2")
    with pytest.raises(SettingError, match=r"shop and the password in DATABASE_URL") as raised:
        open_database(load_settings(home=tmp_path / "home", database=_text(wrong)))
    assert "hunter2" not in str(raised.value)
    with pytest.raises(SettingError, match="password") as raised:
        open_pool(load_settings(home=tmp_path / "home", database=_text(wrong)))
    assert "hunter2" not in str(raised.value)


def test_a_user_that_may_make_no_tables_is_told_what_is_missing(
    strict: Postgres, tmp_path: Path
) -> None:
    strict.new_user("reader", "right")
    url = sa.make_url(strict.new_database()).set(username="reader", password="right")
    with pytest.raises(SettingError, match="OWNER TO reader"):
        open_database(load_settings(home=tmp_path / "home", database=_text(url)))


def test_a_database_that_is_not_there_is_named(postgres: Postgres, tmp_path: Path) -> None:
    url = sa.make_url(postgres.new_database()).set(database="nowhere")
    with pytest.raises(SettingError, match=r"nowhere.*CREATE DATABASE"):
        open_database(load_settings(home=tmp_path, database=_text(url)))


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u:p@127.0.0.1:1/shop", "postgres://u:p@127.0.0.1:1/shop"]
)
def test_a_server_that_does_not_run_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match=r"shop at 127\.0\.0\.1:1.*Check that Postgres runs"):
        open_database(load_settings(home=tmp_path, database=url))


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def test_a_broken_connection_is_told_and_the_next_transaction_has_another(
    db: Database, database: str
) -> None:
    told = pytest.raises(DatabaseAway, match="does not answer at the moment")
    with told as raised, db.write() as connection:
        connection.execute(BACKEND)
        end_sessions(database)
        connection.execute(BACKEND)
    assert raised.value.reason
    with db.read() as connection:
        assert connection.execute(BACKEND).scalar_one() > 0


def test_an_error_of_ours_is_not_taken_for_an_absence(db: Database) -> None:
    with pytest.raises(sa.exc.ProgrammingError), db.read() as connection:
        connection.execute(sa.text("SELECT nothing FROM nowhere"))


def test_what_is_to_be_done_when_it_is_back_is_done_once(
    db: Database, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.db.AWAY_PAUSE_S", 0.05)
    tries: list[int] = []

    def do() -> int:
        with db.write() as connection:
            tries.append(connection.execute(BACKEND).scalar_one())
            if len(tries) == 1:
                end_sessions(database)
            return int(connection.execute(sa.text("SELECT 7")).scalar_one())

    assert when_back(do) == 7
    assert len(set(tries)) == 2


def test_one_that_freezes_within_a_transaction_loses_its_locks(
    db: Database, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "IDLE_TRANSACTION_S", 0.2)
    frozen = Database(open_engine(database))
    with frozen.engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(7)))
        with db.write() as other:  # waits until the server has ended the frozen one's session
            other.execute(sa.select(sa.func.pg_advisory_xact_lock(7)))
        connection.invalidate()
    frozen.close()


def test_processes_that_come_at_once_to_an_empty_database_all_find_it_made(
    tmp_path: Path, database: str
) -> None:
    together = threading.Barrier(5)

    def come(number: int) -> str | None:
        # Homes of different machines: no lock in the file system is shared.
        settings = load_settings(home=tmp_path / str(number), database=database)
        together.wait(20)
        opened = open_database(settings)
        open_pool(settings).close()
        with opened.read() as connection:
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            version = found.scalar_one()
        opened.close()
        return str(version)

    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(come, range(5))) == [newest()] * 5


def test_all_machines_go_by_the_servers_clock(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1.0)
    with db.read() as connection:
        first, second = clock(connection), clock(connection)
    assert 1_700_000_000 < first < second < first + 10


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    db = open_database(settings)
    with db.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingError, match=r"newer version of Shopkeeper .*9999"):
        upgrade(db.engine)
    db.close()
