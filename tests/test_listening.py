"""What a running shop listens at, and what it says to those who have no token."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from core import ports, services, tokens
from core.programs import Service
from core.settings import Settings, load_settings
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.running import shop

pytestmark = pytest.mark.processes

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A shop that runs; another server answers for the embedded model."""
    folder = tmp_path_factory.mktemp("home")
    with FakeEndpoint(lambda _text, _before: Reply("{}")).running() as endpoint:
        variables = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_MODEL": "fake"}
        with shop(folder, SHOPKEEPER_SAMPLE_SHOP="false", **variables) as url:
            settings = load_settings(home=folder, port=int(url.rpartition(":")[2]))
            wait_for_the_rest(settings)
            yield settings


def wait_for_the_rest(settings: Settings) -> None:
    """The page is started first: what it needs is asked for when it answers."""
    deadline = time.monotonic() + 240
    needs = {Service.CHROMA, Service.WORKER, Service.INDEXER}
    while not needs <= {entry.name for entry in services.status(settings) if entry.healthy}:
        assert time.monotonic() < deadline, services.status(settings)
        time.sleep(0.2)


def family(settings: Settings) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SHOPKEEPER_HOME") == str(settings.home):
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


def test_nothing_listens_but_on_loopback(home: Settings) -> None:
    listening = [
        (one.laddr.ip, one.laddr.port)
        for process in family(home)
        for one in process.net_connections(kind="inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert {address for address, _ in listening} == {ports.LOOPBACK}
    assert {home.port, ports.read(home).chroma} <= {port for _, port in listening}


def test_the_search_server_answers_only_those_who_have_the_token(home: Settings) -> None:
    url = f"http://{ports.LOOPBACK}:{ports.read(home).chroma}{COLLECTIONS}"
    token = tokens.chroma(home)
    assert token is not None
    assert status(url, token.get_secret_value()) == 200
    for wrong in ("", "wrong", token.get_secret_value()[:-1], token.get_secret_value() + "0"):
        assert status(url, wrong) == 403
    assert status(url, token.get_secret_value(), method="POST") != 403
    assert status(url, "", method="POST") == status(f"{url}/x/delete", "", method="POST") == 403


def status(url: str, token: str, method: str = "GET") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = b'{"name": "some"}' if method == "POST" else None
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_no_token_stands_where_other_users_or_files_show_it(home: Settings) -> None:
    chroma, model = tokens.chroma(home), tokens.model(home)
    secrets = [one.get_secret_value() for one in (chroma, model) if one]
    assert len(secrets) == 2
    for process in family(home):
        with suppress(psutil.Error):
            shown = " ".join([*process.cmdline(), *process.environ().values()])
            assert not any(secret in shown for secret in secrets)
    for path in Path(home.home).rglob("*"):
        if path.is_file():
            assert not any(secret.encode() in path.read_bytes() for secret in secrets), path
    assert (home.home / "secret.key").stat().st_mode & 0o077 == 0
