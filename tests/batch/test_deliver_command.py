"""Delivering from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from batch import deliveries, destinations
from batch.__main__ import app
from batch.destination_options import DestinationKind
from core.console import Exit
from core.db import Database
from core.host_keys import fingerprint
from core.settings import Settings
from tests.batch.delivering import approve, delivered, finished
from tests.sftp_server import PASSWORD, USER, SftpServer, new_key, public

Shell = Callable[..., Result]


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("SHOPKEEPER_HOME", str(settings.home))
    return lambda *words: CliRunner().invoke(app, list(words))


def table(settings: Settings, db: Database) -> str:
    given: dict[str, Any] = {"system": "sqlite", "database": "shop.db", "table": "products"}
    return destinations.add(settings, db, "Warehouse", DestinationKind.SQL, given).id


def test_a_job_is_delivered_once_for_a_key(shell: Shell, settings: Settings, db: Database) -> None:
    table(settings, db)
    job = finished(settings, db, 3)
    approve(db, job, [1, 2])
    words = ("deliver", job.id, "Warehouse", "--rows", "approved", "--key", "tonight", "--json")
    asked = shell(*words, "--no-wait")
    assert json.loads(asked.stdout)["status"] == "waiting"
    (delivery,) = deliveries.listing(db)
    assert delivered(settings, db, delivery).sent == 2
    came = shell(*words)
    assert came.exit_code == 0, came.output
    told = json.loads(came.stdout)
    assert (told["delivery"], told["rows"], told["changed"]) == (delivery.id, 2, 2)
    assert "2 rows: 2 changed there" in came.stderr


def test_destinations_are_listed_and_tried(shell: Shell, settings: Settings, db: Database) -> None:
    assert "No destinations yet" in shell("destinations", "list").stdout
    destination_id = table(settings, db)
    came = shell("destinations", "try", "Warehouse")
    assert came.exit_code == 0
    assert "takes products" in came.stderr
    (listed,) = json.loads(shell("destinations", "list", "--json").stdout)
    assert (listed["destination"], listed["problem"]) == (destination_id, "")
    assert "Warehouse" in shell("destinations", "list").stdout


def test_what_does_not_work_is_told_with_an_exit_code(
    shell: Shell, settings: Settings, db: Database
) -> None:
    job = finished(settings, db, 1)
    missing = shell("deliver", job.id, "nowhere")
    assert missing.exit_code == 2
    assert "no destination “nowhere”" in missing.stderr
    (settings.exports / "shop.db").mkdir(parents=True)
    table(settings, db)
    came = shell("destinations", "try", "Warehouse")
    assert came.exit_code == 1
    assert "cannot be used" in came.stderr


def test_the_key_of_a_server_is_confirmed_by_its_fingerprint(
    shell: Shell,
    settings: Settings,
    db: Database,
    sftp: SftpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOPKEEPER_PRIVATE_TARGETS", "127.0.0.1")
    given = {"folder": f"{sftp.address}/feeds", "user": USER, "password": PASSWORD}
    destinations.add(settings, db, "Nightly", DestinationKind.FILE, given)
    right, wrong = (fingerprint(key).split()[-1] for key in (sftp.key, public(new_key())))
    for words in ((), ("--host-key", wrong)):
        came = shell("destinations", "try", "Nightly", *words)
        assert came.exit_code == Exit.FAILED
        assert right in came.stderr.replace("\n", "")
    assert sftp.passwords == []
    assert shell("destinations", "try", "Nightly", "--host-key", right).exit_code == 0
    assert shell("destinations", "try", "Nightly").exit_code == 0
