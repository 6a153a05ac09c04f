from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from core import schema
from core.db import Database, open_database, open_engine, upsert
from core.errors import SettingError
from core.settings import Settings, load_settings

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


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense"])
def test_an_unusable_address_is_named(url: str) -> None:
    with pytest.raises(SettingError, match="DATABASE_URL"):
        open_engine(url)


def test_a_home_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingError, match="SHOPKEEPER_HOME"):
        open_database(load_settings(home=tmp_path / "file" / "home"))
