"""A running shop whose every secret is a canary: none is seen in a log, a table or a page."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress

import psutil
import pytest
from playwright.sync_api import Page

from batch import jobs
from core import sealed
from core.db import Database, open_database
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from pages.parts.rooms import ROOMS, address
from tests.batch.conftest import new_job
from tests.batch.processes import until
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.postgres import Postgres
from tests.running import browser, shop

pytestmark = [pytest.mark.processes, pytest.mark.browser]

CANARY = "canary4f81b2c9d7e6a5"
KEYS = ("page", "base", "key", "database", "chroma", "seal", "aws", "mail", "stored")
SECRETS = {name: f"{CANARY}{name}" for name in KEYS}

#: What a text would do that got into a page as markup.
INLINE = "document.body.append(Object.assign(document.createElement('script'), {text: 'ran = 1'}))"


def refusing(url: str) -> str:
    """The address of the model server with a password in it."""
    return url.replace("://", f"://me:{SECRETS['base']}@")


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[tuple[str, Settings, Database]]:
    """A shop whose model server refuses every call, and says with which key it was asked."""
    folder = tmp_path_factory.mktemp("home")
    user = f"postgres:{SECRETS['database']}@/"
    database = postgres.migrated_database().replace("postgres@/", user)
    # As some providers do: the refusal repeats the key.
    said = {"error": {"message": f"Incorrect API key provided: {SECRETS['key']}"}}
    refusal = Reply(status=401, body=json.dumps(said).encode())
    variables = {
        "DATABASE_URL": database,
        "OPENAI_API_KEY": SECRETS["key"],
        "OPENAI_MODEL": "fake",
        "SHOPKEEPER_SECRET_KEY": SECRETS["seal"],
        "SHOPKEEPER_CHROMA_TOKEN": SECRETS["chroma"],
        "AWS_SECRET_ACCESS_KEY": SECRETS["aws"],
        "SHOPKEEPER_SMTP_PASSWORD": SECRETS["mail"],
    }
    with FakeEndpoint(lambda _text, _before: refusal).running() as endpoint:
        variables["OPENAI_BASE_URL"] = refusing(endpoint.url)
        settings = load_settings(home=folder, database=database, secret_key=SECRETS["seal"])
        with closing(open_database(settings)) as db, shop(folder, **variables) as url:
            sealed.seal(settings, SECRETS["stored"])
            yield url, settings, db


def test_no_secret_is_seen_whatever_fails(run: tuple[str, Settings, Database]) -> None:
    url, settings, db = run
    job = new_job(settings, db, 3)
    until(lambda: jobs.get(db, job.id).status is JobStatus.FAILED)
    with browser() as launched:
        page = launched.new_page()
        refused: list[str] = []
        page.on("console", lambda one: refused.append(one.text) if "Security" in one.text else None)
        seen = {"chat": asked(page, url)}
        for room in ROOMS:
            page.goto(f"{url}/{address(room)}")
            page.locator("h1").first.wait_for()
            seen[room.path] = page.content()
        assert refused == []
        page.evaluate(INLINE)
        assert page.evaluate("window.ran") is None and "Content Security Policy" in refused[0]
    for path in ("/_stcore/host-config", f"/job/{job.id}/results.csv", "/nothing/here"):
        with suppress(OSError), urllib.request.urlopen(url + path, timeout=30) as answer:
            seen[path] = answer.read().decode(errors="replace")
    for where, text in [*seen.items(), *logs(settings), *tables(db), *commands(settings)]:
        assert CANARY not in text, where
    assert len(seen) > len(ROOMS) and len(logs(settings)) > 3 and len(tables(db)) > 20


def asked(page: Page, url: str) -> str:
    """What the chat says when the model refuses."""
    page.goto(url)
    box = page.get_by_test_id("stChatInputTextArea")
    box.wait_for()
    box.fill("Which tents sleep four people?")
    box.press("Enter")
    page.wait_for_timeout(6000)
    said = page.content()
    assert "Which tents sleep four people?" in said
    return said


def logs(settings: Settings) -> list[tuple[str, str]]:
    """Every file of the home but those that hold keys by design."""
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    return [(str(path), path.read_bytes().decode(errors="replace")) for path in files]


def tables(db: Database) -> list[tuple[str, str]]:
    """Every table of the database as text, the batch engine's too."""
    named = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dbos')"
    with db.read() as connection:
        found = connection.exec_driver_sql(named).all()
        read = 'SELECT t::text FROM {}."{}" t'
        return [
            (name, str(connection.exec_driver_sql(read.format(schema, name)).all()))
            for schema, name in found
        ]


def commands(settings: Settings) -> list[tuple[str, str]]:
    """What any user of the machine sees of our processes."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SHOPKEEPER_HOME") == str(settings.home):
                found.append((str(process.pid), " ".join(process.cmdline())))
    assert len(found) > 4 and os.getpid() not in [int(number) for number, _ in found]
    return found
