"""Encrypted backups: opened by their key alone, and by ``age`` itself."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import encrypted
from core.__main__ import app
from core.backup import backup
from core.db import Database
from core.errors import BackupError
from core.restore import restore, verify
from core.settings import Settings
from tests.core import whole_shop

WORDS = b"what a customer has told us in confidence, " * 5_000


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Settings, Database]]:
    with whole_shop.opened(tmp_path / "first") as opened:
        yield opened


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    """The file of a key, and its public part."""
    path = tmp_path / "shop.key"
    return path, encrypted.new_key(path)


def write(path: Path, public: str, words: bytes = WORDS) -> None:
    with path.open("wb") as file, encrypted.encrypting(file, [public]) as stream:
        stream.write(words)


def test_a_shop_comes_back_from_an_encrypted_backup_with_its_key_alone(
    shop: tuple[Settings, Database], key: tuple[Path, str], tmp_path: Path
) -> None:
    path, stored = tmp_path / "shop.backup", whole_shop.everything(shop[1])
    backup(*shop, path, keys=[key[1]])
    assert path.stat().st_mode & 0o777 == 0o600
    assert not zipfile.is_zipfile(path)
    new = whole_shop.home(tmp_path / "second")
    with pytest.raises(BackupError, match=r"encrypted. Name the file of its key: --key FILE"):
        restore(new, path)
    encrypted.new_key(tmp_path / "other.key")
    with pytest.raises(BackupError, match=r"not made for the key in .*other.key"):
        restore(new, path, key=tmp_path / "other.key")
    assert not list(new.home.glob("*.db"))
    restore(new, path, key=key[0])
    assert whole_shop.seen(new)[0] == stored


def test_the_next_backup_takes_the_place_of_an_encrypted_one_only_encrypted(
    shop: tuple[Settings, Database], key: tuple[Path, str], tmp_path: Path
) -> None:
    path = tmp_path / "shop.backup"
    backup(*shop, path, keys=[key[1]])
    before = path.read_bytes()
    with pytest.raises(BackupError, match="Name another file"):
        backup(*shop, path)
    assert path.read_bytes() == before
    backup(*shop, path, keys=[key[1]])
    assert verify(path, key[0]).made_at > 0


def test_no_word_stands_in_the_file_and_no_plain_copy_on_the_disk(
    key: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "file", key[1])
    assert b"customer" not in (tmp_path / "file").read_bytes()
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    with encrypted.decrypted(tmp_path / "file", key[0]) as plain:
        assert plain.read() == WORDS
        assert not list(room.iterdir()), "it would stay after a kill"


@pytest.mark.parametrize("spoil", ["a byte", "the end", "all but the head"])
def test_a_damaged_one_is_refused(key: tuple[Path, str], tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "file"
    write(path, key[1])
    whole = bytearray(path.read_bytes())
    if spoil == "a byte":
        whole[len(whole) // 2] ^= 1
    kept = {"a byte": len(whole), "the end": len(whole) - 1, "all but the head": 60}[spoil]
    path.write_bytes(whole[:kept])
    with (
        pytest.raises(BackupError, match=r"damaged|not made for"),
        encrypted.decrypted(path, key[0]),
    ):
        pass


def test_a_full_disk_is_named_on_both_ways(
    key: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(OSError, match="No space left"),
        encrypted.encrypting(Full(), [key[1]]) as stream,
    ):
        for _ in range(100):
            stream.write(os.urandom(100_000))
    write(tmp_path / "file", key[1])
    monkeypatch.setattr("tempfile.TemporaryFile", Full)
    with (
        pytest.raises(BackupError, match=r"No space left.*TMPDIR names another folder"),
        encrypted.decrypted(tmp_path / "file", key[0]),
    ):
        pass


def test_an_error_while_it_is_made_is_told_as_it_is(key: tuple[Path, str]) -> None:
    with pytest.raises(ZeroDivisionError), encrypted.encrypting(io.BytesIO(), [key[1]]) as stream:
        stream.write(WORDS)
        raise ZeroDivisionError


def test_a_key_is_for_its_owner_only_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "shop.key"
    public = encrypted.new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public.startswith("age1") and public in path.read_text()
    with pytest.raises(BackupError, match="there already"):
        encrypted.new_key(path)
    with pytest.raises(BackupError, match="No such file"):
        encrypted.new_key(tmp_path / "nowhere" / "shop.key")


@pytest.mark.parametrize("content", ["", "hello", "AGE-SECRET-KEY-1XYZ"])
def test_what_is_no_key_is_named(key: tuple[Path, str], tmp_path: Path, content: str) -> None:
    write(tmp_path / "file", key[1])
    (tmp_path / "not.key").write_text(content)
    for wrong in ("not.key", "missing.key"):
        with (
            pytest.raises(BackupError, match=wrong),
            encrypted.decrypted(tmp_path / "file", tmp_path / wrong),
        ):
            pass
    with pytest.raises(BackupError, match=r"no public key. It looks like age1"):
        write(tmp_path / "other", content or "age1")


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen")
def test_an_ssh_key_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    write(tmp_path / "file", path.with_suffix(".pub").read_text())
    with encrypted.decrypted(tmp_path / "file", path) as plain:
        assert plain.read() == WORDS


@pytest.mark.skipif(not shutil.which("age"), reason="there is no age")
def test_the_program_age_opens_it_and_what_it_made_is_opened(
    key: tuple[Path, str], tmp_path: Path
) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    write(path, key[1])
    command = ["age", "--decrypt", "--identity", str(key[0]), str(path)]
    assert subprocess.run(command, check=True, capture_output=True).stdout == WORDS
    command = ["age", "--recipient", key[1], "--output", str(other)]
    subprocess.run(command, input=WORDS, check=True)
    with encrypted.decrypted(other, key[0]) as plain:
        assert plain.read() == WORDS


def test_the_commands_make_a_key_and_use_it(
    shop: tuple[Settings, Database], tmp_path: Path
) -> None:
    def call(*arguments: str, **more: str) -> tuple[int, str]:
        variables = {"SHOPKEEPER_HOME": str(shop[0].home), "COLUMNS": "300"} | more
        result = CliRunner().invoke(app, arguments, env=variables)
        return result.exit_code, result.stderr

    key, path = str(tmp_path / "shop.key"), str(tmp_path / "shop.backup")
    code, said = call("backup-key", key)
    assert code == 0
    name, public = said.splitlines()[-1].split("=")
    code, said = call("backup", path, **{name: public})
    assert (code, "It is encrypted" in said) == (0, True)
    code, said = call("restore", path, "--check")
    assert (code, "--key FILE" in said) == (1, True)
    code, said = call("restore", path, "--check", "--key", key)
    assert (code, "is whole" in said) == (0, True)
    code, said = call("backup", path, "--for", "age1nobody")
    assert (code, "is no public key" in said) == (1, True)
