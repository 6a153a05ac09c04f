from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.db import Database, open_database
from core.duty import Duty
from core.errors import DatabaseAway
from core.settings import load_settings
from tests.postgres import Postgres

NUMBER = 77


@pytest.mark.processes
def test_one_of_many_has_it_and_another_when_that_one_is_gone(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.migrated_database()
    dbs = [open_database(load_settings(home=tmp_path / name, database=url)) for name in "ab"]
    first, second = (Duty(db, NUMBER) for db in dbs)
    assert first.is_mine()
    assert first.is_mine()
    assert not second.is_mine()
    other = Duty(dbs[1], NUMBER + 1)
    assert other.is_mine(), "another duty"
    first.give_up()
    assert second.is_mine()
    assert not first.is_mine()
    second.give_up()
    other.give_up()
    for db in dbs:
        db.close()


@pytest.mark.processes
def test_one_that_lost_its_connection_does_not_believe_to_have_it_still(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.migrated_database()
    dbs = [open_database(load_settings(home=tmp_path / name, database=url)) for name in "ab"]
    first, second = (Duty(db, NUMBER) for db in dbs)
    assert first.is_mine()
    with dbs[1].write() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    assert second.is_mine()
    with pytest.raises(DatabaseAway):
        first.is_mine()
    assert not first.is_mine()
    second.give_up()
    for db in dbs:
        db.close()


def test_on_sqlite_it_is_always_ones_own(db: Database) -> None:
    assert Duty(db, NUMBER).is_mine()
    assert Duty(db, NUMBER).is_mine()
