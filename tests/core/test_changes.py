"""Whether anybody has written to the database, asked for next to nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.changes import Changes
from core.chat_tables import conversations as other
from core.db import Database, open_database
from core.event_tables import event_cursors as table
from core.settings import load_settings
from tests import postgres
from tests.conftest import on_both
from tests.postgres import Postgres

TIMES = {"created_at": 1.0, "updated_at": 1.0}


def put(db: Database, consumer: str) -> None:
    with db.write() as connection:
        connection.execute(table.insert().values(consumer=consumer, position=1))


@on_both
def test_what_anybody_writes_is_noticed_once(db: Database) -> None:
    changes = Changes(db)
    assert changes.there(), "what was there before is new to whoever begins"
    assert not changes.there()
    put(db, "first")
    assert changes.there()
    assert not changes.there()
    changes.close()
    assert changes.there(), "what happened meanwhile is not known"
    changes.close()


@on_both
def test_who_watches_one_table_does_not_hear_of_others(db: Database) -> None:
    sign = sa.select(sa.func.count()).select_from(table)
    changes = Changes(db, sign)
    changes.there()
    with db.write() as connection:
        connection.execute(other.insert().values(id="c", visitor="v", title="", **TIMES))
    assert not changes.there()
    put(db, "first")
    assert changes.there()
    assert not changes.there()


@on_both
def test_it_is_closed_with_the_database(db: Database) -> None:
    changes = Changes(db)
    changes.there()
    assert not changes.there()
    db.close()
    assert changes.there(), "it begins anew, over another connection"
    changes.close()


@on_both
def test_reading_is_no_change(db: Database) -> None:
    changes = Changes(db)
    changes.there()
    with db.read() as connection:
        connection.execute(sa.select(table)).all()
    assert not changes.there()
    changes.close()


@on_both
def test_what_is_written_counts_when_it_can_be_seen(db: Database) -> None:
    changes = Changes(db)
    changes.there()
    with db.write() as connection:
        connection.execute(table.insert().values(consumer="slow", position=1))
        changes.there()
    assert changes.there(), "only now it can be read"
    changes.close()


@on_both
def test_what_was_taken_back_may_count_but_what_follows_does(db: Database) -> None:
    changes = Changes(db)
    changes.there()
    with pytest.raises(ZeroDivisionError), db.write() as connection:
        connection.execute(table.insert().values(consumer="never", position=1))
        _ = 1 / 0
    changes.there()
    assert not changes.there()
    put(db, "then")
    assert changes.there()
    changes.close()


@pytest.mark.processes
def test_a_server_that_is_away_is_looked_at_until_it_is_back(tmp_path: Path) -> None:
    with postgres.running() as server:
        db = _opened(server, tmp_path)
        changes = Changes(db)
        changes.there()
        server.stop()
        assert changes.there()
        assert changes.there()
        server.start()
        assert changes.there(), "what was missed is looked for"
        assert not changes.there()
        changes.close()
        db.close()


def _opened(server: Postgres, home: Path) -> Database:
    return open_database(load_settings(home=home, database=server.migrated_database()))
