"""A home and a database of its own for every test; no network but loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from core import migrations
from core.db import Database, open_database
from core.engines import sqlite_engine
from core.settings import Settings, load_settings
from tests.object_store import ObjectStore
from tests.postgres import Postgres, running
from tests.sftp_server import SftpServer

on_both = pytest.mark.parametrize("db", ["sqlite", "postgres"], indirect=True)

#: Variables of the person who runs the tests must not reach them.
VARIABLES = (
    "SHOPKEEPER_HOME",
    "DATABASE_URL",
    "PORT",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "SHOPKEEPER_ENDPOINTS",
    "SHOPKEEPER_STORAGE",
    "SHOPKEEPER_SECRET_KEY",
    "SHOPKEEPER_SIGN_IN",
    "SHOPKEEPER_URL",
    "SHOPKEEPER_PRIVATE_TARGETS",
    "SHOPKEEPER_EXPORT_FOLDER",
    "SHOPKEEPER_EXPORT_STORES",
    "SHOPKEEPER_IMPORT_STORES",
)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    # Tests of the way in say how people sign in; in all others everybody may do everything.
    monkeypatch.setenv("SHOPKEEPER_SIGN_IN", "off")
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    # Neither must the endpoints of their own shop.
    monkeypatch.setattr("core.settings.PROJECT", Path("/nowhere"))


@pytest.fixture
def database() -> str | None:
    """Where the tables are: in the home. Overridden by modules that try Postgres, too."""
    return None


@pytest.fixture
def settings(tmp_path: Path, database: str | None) -> Settings:
    return load_settings(home=tmp_path / "home", sample_shop=False, database=database)


@pytest.fixture
def db(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Database]:
    """SQLite in the home; both kinds in turn for tests that are marked ``on_both``."""
    if getattr(request, "param", "") == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        settings = load_settings(home=settings.home, database=server.migrated_database())
    database = open_database(settings)
    yield database
    database.close()


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty SQLite file becomes a copy of one that is up to date: a tenth of the time."""
    template = tmp_path_factory.mktemp("template") / "shopkeeper.db"
    engine = sqlite_engine(f"sqlite:///{template}")
    migrations.upgrade(engine)
    # Into the file itself, not into a log beside it, which would not be copied.
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()

    def upgrade(engine: Engine) -> None:
        name = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
        if name and not Path(name).exists():
            shutil.copyfile(template, name)
        migrations.upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.db.upgrade", upgrade)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    with ObjectStore().running() as server:
        yield server


@pytest.fixture
def bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An S3 server with an empty bucket ``shop``, and the way to it in the environment."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    object_store.begin("shop")
    yield object_store


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpServer]:
    """An SFTP server that nobody knows yet, and a person's folder without any keys."""
    for name in ("person", "served"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    with SftpServer(tmp_path / "served").running() as server:
        yield server


#: Files that take minutes, in the order of how many: begun at last, one process would still be
#: at them when all others have nothing left.
LONG = (
    "test_schedule_worker.py",
    "test_doors.py",
    "test_hostile.py",
    "test_canaries.py",
    "test_delivery_worker.py",
    "test_restored.py",
    "test_workers.py",
    "test_worker.py",
    "test_merchandiser.py",
    "test_main.py",
    "test_crash.py",
    "test_foreground.py",
    "test_budget.py",
    "test_services.py",
    "test_counter.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What fails fast comes first, then real processes and the browser, the longest files first."""
    items.sort(key=_cost)


def _cost(item: pytest.Item) -> tuple[bool, int]:
    slow = any(item.get_closest_marker(name) for name in ("processes", "browser"))
    name = item.path.name
    return slow, LONG.index(name) if slow and name in LONG else len(LONG)
