from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batch.__main__ import app
from batch.post import joined
from core.db import open_database
from core.settings import Settings, load_settings
from tests.postgres import Postgres


def shell(settings: Settings, *arguments: str) -> str:
    environment = {"SHOPKEEPER_HOME": str(settings.home), "DATABASE_URL": settings.database or ""}
    result = CliRunner().invoke(app, ["workers", *arguments], env=environment)
    assert result.exit_code == 0
    return result.stdout + result.stderr


@pytest.mark.processes
def test_each_worker_is_told_with_its_machine(tmp_path: Path, postgres: Postgres) -> None:
    settings = load_settings(home=tmp_path, database=postgres.migrated_database())
    assert "No worker runs" in shell(settings)
    with (
        closing(open_database(settings)) as db,
        joined(settings, db, "7") as first,
        joined(settings, db, "8") as second,
    ):
        told = json.loads(shell(settings, "--json"))
        assert [one["name"] for one in told] == [first.name, second.name]
        assert [one["version"] for one in told] == ["7", "8"]
        assert "Machine" in shell(settings)
    assert json.loads(shell(settings, "--json")) == []


def test_on_sqlite_it_says_where_to_look(settings: Settings) -> None:
    assert "core.services status" in shell(settings)
