from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from core import schema, usage
from core.db import Database, open_database, upsert
from core.engines import open_engine
from core.errors import SettingError
from core.migrations import upgrade
from core.settings import Settings, load_settings
from core.statuses import Lane
from core.usage import Call, Tokens
from tests.postgres import Postgres

UPLOAD = {
    "id": "u1",
    "name": "a.csv",
    "rows": 1,
    "size_bytes": 1,
    "sha256": "",
    "catalog": {},
    "created_at": 1.0,
}


def names(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(sa.select(schema.uploads.c.name)).scalars())


def test_the_migrations_make_exactly_the_schema(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_opening_again_keeps_what_is_there(settings: Settings, db: Database) -> None:
    with db.write() as connection:
        upsert(connection, schema.uploads, [UPLOAD])
    again = open_database(settings)
    assert names(again) == ["a.csv"]
    again.close()


def test_a_write_that_fails_leaves_nothing(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write() as connection:
        upsert(connection, schema.uploads, [UPLOAD])
        raise ZeroDivisionError
    assert names(db) == []


def test_upsert_replaces_the_row_of_the_same_key(db: Database) -> None:
    for name in ("first.csv", "second.csv"):
        with db.write() as connection:
            upsert(connection, schema.uploads, [UPLOAD | {"name": name}])
    assert names(db) == ["second.csv"]


def test_a_read_sees_one_state_while_another_writes(db: Database) -> None:
    count = sa.select(sa.func.count()).select_from(schema.uploads)
    with db.read() as reader:
        before = reader.execute(count).scalar_one()
        with db.write() as connection:
            upsert(connection, schema.uploads, [UPLOAD])
        assert reader.execute(count).scalar_one() == before == 0


def test_sqlite_is_opened_for_many_processes_and_power_loss(db: Database) -> None:
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_what_waits_for_no_disk_is_kept_and_the_next_write_waits_again(db: Database) -> None:
    def synchronous(connection: Connection) -> object:
        return connection.exec_driver_sql("PRAGMA synchronous").scalar_one()

    with db.write(durable=False) as connection:
        upsert(connection, schema.uploads, [UPLOAD])
        assert synchronous(connection) == 1
    with pytest.raises(ZeroDivisionError), db.write(durable=False) as connection:
        upsert(connection, schema.uploads, [UPLOAD | {"id": "u2"}])
        raise ZeroDivisionError
    assert names(db) == ["a.csv"]
    with db.write() as connection:
        assert synchronous(connection) == 2


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_an_unusable_address_is_named(url: str) -> None:
    with pytest.raises(SettingError, match="DATABASE_URL"):
        open_engine(url)


def test_a_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingError, match="SHOPKEEPER_HOME"):
        open_database(load_settings(home=tmp_path / "file" / "home"))


@pytest.mark.processes
def test_postgres_has_the_same_tables_and_answers_the_same(
    settings: Settings, postgres: Postgres
) -> None:
    db = open_database(load_settings(home=settings.home, database=postgres.new_database()))
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
    with db.write(durable=False) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "off"
    with db.write() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    calls = [
        Call(Lane.CHAT, "e", "m", Tokens(1, 2), 3.0, ttft_ms=4.0, at=60.0),
        Call(Lane.CHAT, "e", "m", Tokens(1, 2), 3.0, outcome="http 500", at=61.0),
        Call(Lane.BATCH, "e", "m", Tokens(5, 6), 7.0, cost=0.5, at=700.0),
    ]
    with db.write() as connection:
        usage.record(connection, calls)
    assert [(use.lane, use.calls, use.failed) for use in usage.since(db, 0)] == [
        (Lane.BATCH, 1, 0),
        (Lane.CHAT, 2, 1),
    ]
    assert [use.since for use in usage.over_time(db, 0, 300)] == [0.0, 600.0]
    assert [first.ttft_ms for first in usage.first_tokens(db, 0)] == [4.0]
    assert usage.remove_older(db, days=1, now=3 * usage.DAY_S) is False
    assert usage.since(db, 0) == []
    db.close()


def test_what_was_used_before_is_summed_up_by_the_minute(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    upgrade(engine, "0001")
    old = {
        "at": 119.5,
        "lane": "chat",
        "endpoint": "e",
        "model": "m",
        "prompt_tokens": 10,
        "completion_tokens": 2,
        "cached_tokens": 0,
        "total_ms": 1.0,
    }
    insert = sa.text(
        f"INSERT INTO usage ({', '.join(old)}, calls, outcome) "
        f"VALUES ({', '.join(f':{name}' for name in old)}, :calls, :outcome)"
    )
    with Database(engine).write() as connection:
        connection.execute(insert, old | {"calls": 5, "outcome": "ok"})
        connection.execute(insert, old | {"calls": 1, "outcome": "http 500"})
    upgrade(engine)
    (use,) = usage.since(Database(engine), 0)
    assert (use.calls, use.failed, use.tokens) == (6, 1, Tokens(20, 4))
    engine.dispose()
