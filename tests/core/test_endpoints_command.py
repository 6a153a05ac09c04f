"""The endpoints from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import usage
from core.db import open_database
from core.endpoints_command import app
from core.errors import RateLimited
from core.pool import open_pool
from core.settings import Settings, load_settings
from core.statuses import Lane
from core.usage import Call, Tokens
from tests.fake_batches import KEY, FakeBatches, Fault
from tests.fake_endpoint import FakeEndpoint, Reply

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(lambda _text, _before: Reply('{"ok": true}')).running() as running:
        yield running


@pytest.fixture
def remote(tmp_path: Path, fake: FakeEndpoint) -> Settings:
    path = tmp_path / "endpoints.toml"
    entry = '[[endpoint]]\nname = "{}"\nbase_url = "{}"\nmodel = "m"\n'
    path.write_text(entry.format("here", fake.url) + entry.format("gone", "http://127.0.0.1:9/v1"))
    return load_settings(home=tmp_path / "home", endpoints=path)


@pytest.fixture
def shell(remote: Settings) -> Shell:
    variables = {"SHOPKEEPER_HOME": str(remote.home), "SHOPKEEPER_ENDPOINTS": str(remote.endpoints)}

    def call(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, arguments, env=variables | {"COLUMNS": "200"})
        return result.exit_code, result.stdout, result.stderr

    return call


def test_the_table_shows_lanes_health_and_cost(remote: Settings, shell: Shell) -> None:
    call = Call(Lane.BATCH, "here", "m", Tokens(9, 9), 1.0, cost=1.5)
    with closing(open_database(remote)) as db, db.write() as connection:
        usage.record(connection, [call])
    with closing(open_pool(remote)) as pool:
        pool.met(pool.roster.endpoints()[1], RateLimited("x", retry_after_s=30))
        pool.admit()
        code, shown, _ = shell()
    here, gone = (line for line in shown.splitlines() if line.strip().startswith(("here", "gone")))
    assert code == 0
    assert here.split()[:6] == ["here", "m", "well", "1", "0", "15"]
    assert "1.50 USD" in here
    assert "resting for 30 s: it asked us to slow down" in gone


def test_a_check_asks_each_endpoint_once_and_fails_when_one_does(
    shell: Shell, fake: FakeEndpoint
) -> None:
    code, shown, _ = shell("--check")
    assert code == 1
    assert "answered in" in shown
    assert "cannot be reached" in shown
    assert fake.calls.total() == 1


def test_json_is_for_programs(shell: Shell) -> None:
    code, shown, _ = shell("--json", "--check")
    found = json.loads(shown)
    assert code == 1
    assert [one["name"] for one in found["endpoints"]] == ["here", "gone"]
    assert found["endpoints"][0]["check"]["problem"] == ""
    assert found["batch_waiting"] == 0


def test_a_broken_file_is_an_error_in_a_line(remote: Settings, shell: Shell) -> None:
    remote.endpoint_file.write_text('[[endpoint]]\nname = "x"\nslotz = 3\n')
    code, _, told = shell()
    assert code == 1
    assert "line 3, slotz" in told


def test_a_check_sees_whether_batches_are_taken(tmp_path: Path) -> None:
    with FakeBatches(lambda _text, _before: Reply()).running() as provider:
        path = tmp_path / "endpoints.toml"
        path.write_text(
            f'[[endpoint]]\nname = "far"\nbase_url = "{provider.url}"\nmodel = "m"\n'
            'key_env = "FAR_KEY"\nsupports = ["provider_batch"]\n'
        )
        variables = {
            "SHOPKEEPER_HOME": str(tmp_path / "home"),
            "SHOPKEEPER_ENDPOINTS": str(path),
            "COLUMNS": "200",
        }

        def check(key: str, *more: str) -> str:
            found = CliRunner().invoke(app, ["--check", *more], env=variables | {"FAR_KEY": key})
            return found.stdout

        assert "takes batches" in check(KEY)
        assert json.loads(check(KEY, "--json"))["endpoints"][0]["batch_price"] == 0.5
        provider.faults.append(Fault("GET /v1/batches", 403))
        assert "answers, but takes no batches" in check(KEY)
