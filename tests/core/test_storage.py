from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import storage
from core.errors import SettingError
from core.settings import Settings, load_settings
from core.stored_files import Stored
from tests.object_store import ObjectStore
from tests.sftp_server import PASSWORD, USER, SftpServer

BIG = 20_000_000


@pytest.fixture(params=["disk", "s3", "sftp"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, bucket: ObjectStore, sftp: SftpServer
) -> Iterator[Stored]:
    """A folder of the storage, on this machine, in a bucket and on a server."""
    sftp.make_known()
    address = {
        "disk": str(tmp_path / "share"),
        "s3": "s3://shop/cat",
        "sftp": f"sftp://{USER}:{PASSWORD}@127.0.0.1:{sftp.port}/cat",
    }[request.param]
    yield storage.open_storage(load_settings(home=tmp_path / "home", storage=address))


def write(file: Stored, size: int = BIG) -> None:
    with file.create() as target:
        for _ in range(size // 1_000_000):
            target.write(b"x" * 1_000_000)


def test_a_file_is_read_back_as_it_was_written(place: Stored) -> None:
    write(place / "a" / "b")
    assert (place / "a" / "b").exists()
    assert (place / "a" / "b").size() == BIG
    with (place / "a" / "b").stream() as file:
        assert sum(len(block or b"") for block in iter(lambda: file.read(1_000_000), b"")) == BIG


def test_an_interrupted_file_is_not_there_at_all(place: Stored) -> None:
    with pytest.raises(RuntimeError), (place / "a").create() as file:
        file.write(b"x" * BIG)
        raise RuntimeError
    assert not (place / "a").exists()


def test_an_interrupted_file_leaves_the_older_one(place: Stored) -> None:
    write(place / "a", 1_000_000)
    with pytest.raises(RuntimeError), (place / "a").create() as file:
        file.write(b"new")
        raise RuntimeError
    assert (place / "a").size() == 1_000_000


def test_what_is_not_there_is_told_from_what_is(place: Stored) -> None:
    assert not (place / "none").exists()
    with pytest.raises(FileNotFoundError), (place / "none").open() as file:
        file.read(1)


def test_a_folder_is_removed_with_all_that_is_in_it_and_only_that(place: Stored) -> None:
    for name in ("a", "ab"):
        write(place / name / "original", 1_000_000)
        write(place / name / "rows.parquet", 1_000_000)
    (place / "a").remove()
    (place / "a").remove()
    assert not (place / "a").exists()
    assert (place / "ab" / "original").exists()


def test_a_new_version_is_told_from_the_old_one(place: Stored) -> None:
    write(place / "a", 1_000_000)
    before = (place / "a").version()
    assert (place / "a").version() == before
    write(place / "a", 2_000_000)
    assert (place / "a").version() != before


def test_the_home_is_the_storage_of_those_who_name_none(settings: Settings) -> None:
    write(storage.open_storage(settings) / "a", 1_000_000)
    assert (settings.home / "uploads" / "a").stat().st_size == 1_000_000


def test_only_what_is_asked_for_is_fetched_from_a_bucket(
    bucket: ObjectStore, tmp_path: Path
) -> None:
    place = storage.open_storage(load_settings(home=tmp_path, storage="s3://shop"))
    write(place / "a")
    bucket.sent = 0
    with (place / "a").open() as file:
        file.seek(BIG - 10)
        assert file.read(100) == b"x" * 10
    assert bucket.sent == 10


def test_nothing_half_sent_stays_in_a_bucket(bucket: ObjectStore, tmp_path: Path) -> None:
    place = storage.open_storage(load_settings(home=tmp_path, storage="s3://shop"))
    parts = 0

    def second_part(method: str, query: str) -> bool:
        nonlocal parts
        parts += (part := method == "PUT" and "partNumber" in query)
        return part and parts >= 2

    bucket.refuse = second_part
    with pytest.raises(SettingError, match="s3://shop/a cannot be used"):
        write(place / "a")
    assert parts == 2
    assert (bucket.keys("shop"), bucket.unfinished("shop")) == ([], 0)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://nowhere/x", r"s3://nowhere/x.*no such bucket.*SHOPKEEPER_STORAGE"),
        ("gs://bucket/x", r"SHOPKEEPER_STORAGE=gs://bucket/x .* pip install gcsfs"),
        ("ftpp://x/y", "names no storage that is known"),
        ("/proc/nowhere", "Set SHOPKEEPER_STORAGE to a folder that you may write in"),
    ],
)
def test_a_storage_that_cannot_be_used_says_what_to_do(
    bucket: ObjectStore, tmp_path: Path, address: str, words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        storage.check(load_settings(home=tmp_path, storage=address))


def test_a_key_that_is_refused_is_told(bucket: ObjectStore, tmp_path: Path) -> None:
    bucket.refuse = lambda _method, _query: True
    with pytest.raises(SettingError, match="AWS_ACCESS_KEY_ID"):
        storage.check(load_settings(home=tmp_path, storage="s3://shop/x"))


def test_a_storage_that_can_be_used_is_left_as_it_was(bucket: ObjectStore, tmp_path: Path) -> None:
    storage.check(load_settings(home=tmp_path, storage="s3://shop/x"))
    assert bucket.keys("shop") == []


def test_keys_may_stand_in_the_file_of_settings(
    bucket: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in bucket.environment:
        monkeypatch.delenv(name)
    lines = [f"{name}={value}" for name, value in bucket.environment.items()]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    storage.check(load_settings(home=tmp_path, storage="s3://shop"))
