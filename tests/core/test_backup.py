"""A whole shop into one file and back, on either database."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from core import backup as making
from core import sealed, table_copy
from core.__main__ import app
from core.all_tables import metadata
from core.archive import FORMAT, MANIFEST, Manifest
from core.archive_reader import reading
from core.archive_writer import writing
from core.backup import LEFT_OUT, backup
from core.db import Database, open_database
from core.engines import open_engine
from core.errors import BackupError, SettingError
from core.event_tables import events
from core.migrations import newest, upgrade
from core.restore import restore, verify
from core.schema import rows
from core.settings import Settings
from tests.conftest import on_both
from tests.core import whole_shop
from tests.forked import Forked
from tests.object_store import ObjectStore

SECRET = "the password of a destination"
DEADLINE_S = 300


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Callable[[str], str | None]:
    """Where the tables of a home are, for the name of a kind of database."""

    def named(kind: str) -> str | None:
        if kind == "sqlite":
            return None
        return str(request.getfixturevalue("postgres").new_database())

    return named


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Settings, Database]]:
    with whole_shop.opened(tmp_path / "first") as opened:
        yield opened


@pytest.fixture
def made(shop: tuple[Settings, Database], tmp_path: Path) -> Path:
    path = tmp_path / "shop.backup"
    backup(*shop, path)
    return path


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sqlite", "sqlite"),
        pytest.param("sqlite", "postgres", marks=pytest.mark.processes),
        pytest.param("postgres", "sqlite", marks=pytest.mark.processes),
        pytest.param("postgres", "postgres", marks=pytest.mark.processes),
    ],
)
def test_what_was_in_a_shop_is_in_it_again_whatever_the_databases(
    tmp_path: Path, url: Callable[[str], str | None], first: str, second: str
) -> None:
    old = whole_shop.home(tmp_path / "first", url(first))
    db = open_database(old)
    whole_shop.fill(old, db)
    with db.write() as connection:  # the last ones are gone, and their numbers stay given
        connection.execute(events.delete().where(events.c.id == 3))
        connection.execute(rows.update().values(extracted=None).where(rows.c.row_no == 1))
    kept, token = whole_shop.everything(db), sealed.seal(old, SECRET)
    backup(old, db, tmp_path / "shop.backup")
    db.close()

    new = whole_shop.home(tmp_path / "second", url(second))
    done = restore(new, tmp_path / "shop.backup")

    assert (done.kept, done.notes) == ([], [])
    assert whole_shop.seen(new) == (kept, whole_shop.seen(old)[1])
    assert sealed.unseal(new, token) == SECRET
    db = open_database(new)
    with db.write() as connection:
        assert connection.execute(sa.select(rows.c.row_no).where(rows.c.extracted.is_(None))).all()
        number = connection.execute(
            events.insert().values(kind="job_done", subject="x", at=1.0)
        ).inserted_primary_key
        assert tuple(number or ()) == (4,)
    db.close()


def test_who_was_signed_in_and_who_worked_is_not_brought_back(
    shop: tuple[Settings, Database], made: Path, tmp_path: Path
) -> None:
    new = whole_shop.home(tmp_path / "second")
    restore(new, made)
    db = open_database(new)
    with db.read() as connection:
        for name in sorted(LEFT_OUT):
            count = sa.select(sa.func.count()).select_from(metadata.tables[name])
            assert connection.execute(count).scalar() == 0, name
    db.close()


def test_every_table_has_a_form_in_a_backup() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            assert table_copy.arrow_type(column.type) is not None


@on_both
def test_a_backup_of_a_shop_that_is_written_to_is_of_one_moment(
    settings: Settings, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = "answers", "usage_minutes"  # of which one is copied long before the other
    stop, began = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with db.write() as connection:
                for name in (first, last):
                    table = metadata.tables[name]
                    connection.execute(sa.insert(table), [whole_shop._row(table, number % 200)])
                    connection.execute(sa.delete(table)) if number % 7 == 0 else None
            began.set()
            number += number % 200 == 199

    dump = table_copy.dump

    def slowly(*given: Any) -> int:
        threading.Event().wait(0.01)
        return dump(*given)

    monkeypatch.setattr(table_copy, "dump", slowly)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert began.wait(60)
        for number in range(3):
            made = backup(settings, db, tmp_path / f"{number}.backup")
            assert made.tables[first] == made.tables[last]
    finally:
        stop.set()
        writer.join()


def test_a_backup_is_for_its_owner_only_and_replaces_only_a_backup(
    shop: tuple[Settings, Database], made: Path, tmp_path: Path
) -> None:
    assert made.stat().st_mode & 0o777 == 0o600
    backup(*shop, made)
    assert verify(made).revision == newest()
    precious = tmp_path / "notes.txt"
    precious.write_text("mine")
    with pytest.raises(BackupError, match="is no backup"):
        backup(*shop, precious)
    assert precious.read_text() == "mine"
    with pytest.raises(BackupError, match="no folder"):
        backup(*shop, tmp_path / "nowhere" / "shop.backup")
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("at", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_damaged_backup_is_refused_and_nothing_is_touched(
    made: Path, tmp_path: Path, at: float
) -> None:
    data = bytearray(made.read_bytes())
    for place in range(int(len(data) * at), min(len(data), int(len(data) * at) + 40)):
        data[place] ^= 0xFF
    made.write_bytes(data)
    new = whole_shop.home(tmp_path / "second")
    with pytest.raises(BackupError, match=r"damaged|no backup"):
        restore(new, made)
    assert [path.name for path in new.home.iterdir() if path.suffix != ".lock"] == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_half_a_backup_is_refused(made: Path, tmp_path: Path, share: float) -> None:
    data = made.read_bytes()
    made.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BackupError, match="damaged"):
        restore(whole_shop.home(tmp_path / "second"), made)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "uploads/../../evil/x",
        "uploads/k1/../../../evil",
        "home/../evil",
        "uploads/k1/.evil",
        "run/evil",
    ],
)
def test_a_backup_with_files_that_none_has_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "evil.backup"
    with writing(path) as archive:
        with archive.member(name) as file:
            file.write(b"evil")
        archive.end(_manifest(members=archive.members))
    with pytest.raises(BackupError, match="Refused"):
        restore(whole_shop.home(tmp_path / "second"), path)
    assert not list(tmp_path.rglob("*evil"))


def _manifest(**changed: Any) -> Manifest:
    plain: dict[str, Any] = {
        "format": FORMAT,
        "made_at": 1.0,
        "revision": newest(),
        "database": "sqlite",
        "key_id": "",
        "key_inside": True,
        "tables": {},
        "marks": {},
        "members": [],
    }
    return Manifest(**(plain | changed))


@pytest.mark.parametrize("changed", [{"format": FORMAT + 1}, {"revision": "9999"}])
def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = tmp_path / "newer.backup"
    with writing(path) as archive:
        archive.end(_manifest(**changed))
    with pytest.raises(BackupError, match="newer version"):
        restore(whole_shop.home(tmp_path / "second"), path)


def test_other_files_are_no_backups(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(BackupError, match="no manifest"):
        verify(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, json.dumps({"format": 1}))
    with pytest.raises(BackupError, match="manifest cannot be read"):
        verify(path)
    with pytest.raises(BackupError, match="cannot be read"):
        verify(tmp_path / "none")


def test_a_backup_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    upgrade(engine, "0005")
    old = sa.MetaData()
    old.reflect(engine, only=["uploads", "field_sets"])
    with engine.begin() as connection:
        table = old.tables["field_sets"]
        connection.execute(
            sa.insert(table), [{"name": "a", "version": 1, "document": [1], "created_at": 1.0}]
        )
    path, counts = tmp_path / "old.backup", {}
    with writing(path) as archive:
        with engine.connect() as connection:
            for one in old.sorted_tables:
                with archive.member(f"tables/{one.name}.arrow") as file:
                    counts[one.name] = table_copy.dump(connection, one, file, lambda _rows: None)
        archive.end(_manifest(revision="0005", tables=counts, members=archive.members))
    engine.dispose()
    new = whole_shop.home(tmp_path / "second")
    restore(new, path)
    everything, _ = whole_shop.seen(new)
    assert [row["document"] for row in everything["field_sets"]] == [[1]]


def test_a_shop_is_replaced_only_when_asked_to_and_is_kept(
    shop: tuple[Settings, Database], made: Path, tmp_path: Path
) -> None:
    settings, db = shop
    before = whole_shop.seen(settings)
    with db.write() as connection:
        connection.execute(rows.delete())
    db.close()
    with pytest.raises(BackupError, match="--replace"):
        restore(settings, made)
    done = restore(settings, made, replace=True)
    assert whole_shop.seen(settings) == before
    (kept,) = done.kept
    aside = whole_shop.home(Path(kept))
    assert whole_shop.seen(aside)[0]["rows"] == []


@pytest.mark.processes
def test_the_tables_of_a_postgres_that_is_replaced_are_kept_in_a_schema(
    url: Callable[[str], str | None], made: Path, tmp_path: Path
) -> None:
    new = whole_shop.home(tmp_path / "second", url("postgres"))
    open_database(new).close()
    with pytest.raises(BackupError, match="--replace"):
        restore(new, made)
    restore(new, made, replace=True)
    done = restore(new, made, replace=True)
    engine = open_engine(new.database_url)
    schemas = [name for name in sa.inspect(engine).get_schema_names() if name.startswith("before")]
    assert len(schemas) == 2
    assert any(schema in " ".join(done.kept) for schema in schemas)
    found = [sa.inspect(engine).has_table("jobs", schema=schema) for schema in schemas]
    assert found == [True, True]
    engine.dispose()


@pytest.mark.processes
def test_nothing_is_put_back_under_a_running_shop(
    made: Path, tmp_path: Path, url: Callable[[str], str | None]
) -> None:
    for database in (None, url("postgres")):
        new = whole_shop.home(tmp_path / f"home-{database is None}", database)
        script = (
            "import sys; from core.db import open_database; from core.settings import *\n"
            f"db = open_database(load_settings(home={str(new.home)!r}, database={database!r}))\n"
            "with db.read(): print('open', flush=True); sys.stdin.read()"
        )
        command = [sys.executable, "-c", script]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "open\n"
            with pytest.raises(BackupError, match="Stop it, then restore"):
                restore(new, made, replace=True)
            process.communicate("")
        assert restore(new, made, replace=True).rows > 0


def test_catalogs_of_an_object_store_are_backed_up_and_put_back(
    bucket: ObjectStore, tmp_path: Path
) -> None:
    old = whole_shop.home(tmp_path / "first", storage="s3://shop/uploads")
    db = open_database(old)
    whole_shop.fill(old, db)
    kept = whole_shop.files(old, db)
    backup(old, db, tmp_path / "shop.backup")
    db.close()
    bucket.begin("shop")
    restore(old, tmp_path / "shop.backup", replace=True)
    assert whole_shop.seen(old)[1] == kept
    moved = whole_shop.home(tmp_path / "second")
    restore(moved, tmp_path / "shop.backup")
    assert whole_shop.seen(moved)[1] == kept


def test_keys_of_the_environment_stay_out_unless_they_are_asked_for(
    shop: tuple[Settings, Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-secret\n")
    monkeypatch.setattr(making, "PROJECT", tmp_path)
    path = tmp_path / "shop.backup"
    made = backup(*shop, path)
    assert "--with-env" in made.notes[0]
    with reading(path) as archive:
        assert "settings/env" not in archive.names
    backup(*shop, path, environment=True)
    (tmp_path / ".env").unlink()
    new = whole_shop.home(tmp_path / "second")
    done = restore(new, path)
    assert "settings-of-the-backup/.env" in done.notes[0]
    found = new.home / "settings-of-the-backup" / ".env"
    assert (found.read_text(), found.stat().st_mode & 0o777) == (
        "OPENAI_API_KEY=sk-secret\n",
        0o600,
    )


def test_another_key_of_stored_secrets_is_told(
    shop: tuple[Settings, Database], made: Path, tmp_path: Path
) -> None:
    new = whole_shop.home(tmp_path / "second", secret_key="another key of sixteen")
    assert "another key" in restore(new, made).notes[0]


class Killed(BaseException):
    """Nobody catches it, as nobody catches a kill."""


@pytest.mark.processes
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("core.table_copy.load", 1),
        ("core.table_copy.load", 12),
        ("core.restore_moves.write_atomically", 1),
        *(("core.restore_moves.Path.rename", times) for times in (1, 2, 4)),
        ("core.restore_moves.shutil.rmtree", 2),
    ],
)
def test_a_restore_that_is_killed_is_ended_by_the_same_command(
    tmp_path: Path,
    made: Path,
    shop: tuple[Settings, Database],
    url: Callable[[str], str | None],
    database: str,
    place: str,
    times: int,
) -> None:
    new = whole_shop.home(tmp_path / "second", url(database))
    open_database(new).close()
    (new.home / "uploads").mkdir()
    (new.home / "secret.key").write_text("old")
    code, said = _restore(new, made, place, times)
    assert code == -9, said
    with pytest.raises(SettingError, match="core restore"):
        open_database(new)
    code, said = _restore(new, made)
    assert code == 0, said
    assert whole_shop.seen(new) == whole_shop.seen(shop[0])
    olds = [path.read_text() for path in new.home.glob("before-restore-*/secret.key")]
    assert "old" in olds


def _restore(settings: Settings, path: Path, place: str = "", times: int = 0) -> tuple[int, str]:
    """The command, in a process that is killed when something is about to be done once more."""
    module, _, name = place.rpartition(".")
    kill = (
        "import importlib, os, signal\n"
        f"parts = {module!r}.split('.')\n"
        "owner = importlib.import_module('.'.join(parts[:2]))\n"
        "for part in parts[2:]: owner = getattr(owner, part)\n"
        f"real, left = getattr(owner, {name!r}), [{times}]\n"
        "def until(*given, **named):\n"
        "    left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*given, **named)\n"
        f"setattr(owner, {name!r}, until)\n"
        if place
        else ""
    )
    environment = {"SHOPKEEPER_HOME": str(settings.home), "PATH": "/usr/bin:/bin"}
    if settings.database:
        environment["DATABASE_URL"] = settings.database
    script = f"{kill}from core.__main__ import app\napp()"
    log = settings.home.with_suffix(".log")
    log.unlink(missing_ok=True)
    process = Forked(script, "restore", str(path), "--replace", environment=environment, log=log)
    return process.wait(DEADLINE_S), log.read_text()


@pytest.mark.processes
def test_a_backup_that_is_killed_leaves_the_last_one_and_the_next_one_works(
    shop: tuple[Settings, Database], made: Path
) -> None:
    settings, db = shop
    before = made.read_bytes()
    script = (
        "import os, signal\nfrom core import table_copy\n"
        "real, left = table_copy.dump, [9]\n"
        "def until(*given):\n"
        "    left[0] -= 1\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*given)\n"
        "table_copy.dump = until\nfrom core.__main__ import app\napp()"
    )
    environment = {"SHOPKEEPER_HOME": str(settings.home), "PATH": "/usr/bin:/bin"}
    log = made.with_suffix(".log")
    killed = Forked(script, "backup", str(made), environment=environment, log=log)
    assert (killed.wait(DEADLINE_S), made.read_bytes()) == (-9, before)
    backup(settings, db, made)
    assert verify(made).made_at > 0
    assert not list(made.parent.glob(".*.part"))


def test_the_command_says_what_it_did(shop: tuple[Settings, Database], tmp_path: Path) -> None:
    settings, path = shop[0], tmp_path / "shop.backup"

    def call(home: Path, *arguments: str) -> tuple[int, str, str]:
        variables = {"SHOPKEEPER_HOME": str(home), "COLUMNS": "300"}
        result = CliRunner().invoke(app, arguments, env=variables)
        return result.exit_code, result.stdout, result.stderr

    code, said, _ = call(settings.home, "backup", str(path), "--json")
    assert code == 0 and json.loads(said)["catalogs"] == whole_shop.ROWS
    assert "is whole" in call(settings.home, "restore", str(path), "--check")[2]
    code, _, said = call(settings.home, "restore", str(path))
    assert code == 1 and "--replace" in said
    code, _, said = call(tmp_path / "second", "restore", str(path))
    assert code == 0 and "Start it with make run" in said
