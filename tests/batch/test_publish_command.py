"""Publishing from a shell: a look before, and the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from batch import jobs
from batch.__main__ import app
from core import products
from core.db import Database
from core.products import Product
from core.settings import Settings
from tests.batch.test_compare import ended, two_versions

Shell = Callable[..., Any]


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))

    def run(*words: str) -> Any:
        came = CliRunner().invoke(app, [*words, "--json"])
        assert came.exit_code == 0, came.output
        return json.loads(came.stdout)

    return run


def test_a_job_is_looked_at_published_and_taken_back(
    shell: Shell, settings: Settings, db: Database
) -> None:
    first, later = two_versions(settings, db, 10)
    ended(db, first)
    ended(db, later)
    products.publish(db, [Product("other", "Other")])
    looked = shell("publish", first.id, "--preview", "--alone")
    assert looked["counts"]["new"] == 10
    assert looked["counts"]["leaving"] == 1
    assert products.count(db) == 1
    live = shell("switch", looked["release"])
    assert live["can_roll_back"]
    assert products.count(db) == 10
    assert jobs.get(db, first.id).published_at is not None
    assert shell("publish", later.id)["status"] == "live"
    assert [one["job"] for one in shell("releases")] == [later.id, first.id]
    assert shell("roll-back", live["release"])["kept"] == 3, "version 2 changed them since"
    assert set(products.get(db, ["other"])) == {"other"}


def test_what_cannot_be_published_is_told(shell: Shell, settings: Settings, db: Database) -> None:
    came = CliRunner().invoke(app, ["switch", "nothing"])
    assert came.exit_code == 2
    assert "no such release" in came.stderr
