from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.db import Database, open_database
from core.duty import Duty
from core.errors import DatabaseAway
from core.settings import load_settings
from tests.postgres import Postgres, end_sessions

NUMBER = 77


@pytest.fixture
def two(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[Database, Database]]:
    """One database, from two homes."""
    url = postgres.migrated_database()
    first, second = (load_settings(home=tmp_path / name, database=url) for name in "ab")
    with closing(open_database(first)) as one, closing(open_database(second)) as other:
        yield one, other


@pytest.mark.processes
def test_one_of_many_has_it_and_another_when_that_one_is_gone(
    two: tuple[Database, Database],
) -> None:
    first, second = (Duty(db, NUMBER) for db in two)
    assert first.is_mine()
    assert first.is_mine()
    assert not second.is_mine()
    other = Duty(two[1], NUMBER + 1)
    assert other.is_mine(), "another duty"
    first.give_up()
    assert second.is_mine()
    assert not first.is_mine()
    second.give_up()
    other.give_up()


@pytest.mark.processes
def test_one_that_lost_its_connection_does_not_believe_to_have_it_still(
    two: tuple[Database, Database],
) -> None:
    first, second = (Duty(db, NUMBER) for db in two)
    assert first.is_mine()
    end_sessions(two[0].engine.url)
    assert second.is_mine()
    with pytest.raises(DatabaseAway):
        first.is_mine()
    assert not first.is_mine()
    second.give_up()


def test_on_sqlite_it_is_always_ones_own(db: Database) -> None:
    assert Duty(db, NUMBER).is_mine()
    assert Duty(db, NUMBER).is_mine()
