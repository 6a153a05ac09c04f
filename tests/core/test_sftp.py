"""Nothing is told to an SFTP server before it has shown the key that it is known by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import paramiko
import pytest

from core import sftp as checked
from core.errors import DestinationRefused, HostKeyRefused, SettingError
from core.filesystems import open_address
from core.host_keys import fingerprint
from core.settings import load_settings
from core.storage import check, open_storage
from core.stored_files import Stored
from tests.sftp_server import PASSWORD, USER, SftpServer, new_key, public

ROOT = Path(__file__).parent.parent.parent


def opened(sftp: SftpServer, host_key: str = "", **more: Any) -> Stored:
    options = sftp.login | {"host_key": host_key} | more
    return Stored(*open_address(f"{sftp.address}/feeds", **options))


def write(place: Stored) -> None:
    with place.create() as file:
        file.write(b"id,title\n" * 1000)


def test_a_server_that_nobody_knows_is_told_nothing(sftp: SftpServer) -> None:
    with pytest.raises(HostKeyRefused, match="which nobody has confirmed yet") as refused:
        opened(sftp)
    assert refused.value.shown.key == sftp.key
    assert fingerprint(sftp.key) in refused.value.message
    assert (sftp.users, sftp.passwords) == ([], [])


def test_a_server_that_shows_its_key_is_used(sftp: SftpServer) -> None:
    place = opened(sftp, sftp.key) / "a" / "b.csv"
    write(place)
    assert sftp.files() == ["feeds/a/b.csv"]
    with place.stream() as file:
        assert file.read() == b"id,title\n" * 1000
    place.remove()
    assert not place.exists()
    assert set(sftp.passwords) == {PASSWORD}


def test_a_server_that_shows_another_key_is_told_nothing(sftp: SftpServer) -> None:
    opened(sftp, sftp.key, skip_instance_cache=True)
    known, told = sftp.key, (list(sftp.users), list(sftp.passwords))
    sftp.keys = [new_key()]
    with pytest.raises(HostKeyRefused, match="Another machine may be posing as it") as refused:
        opened(sftp, known, skip_instance_cache=True)
    assert (sftp.users, sftp.passwords) == told
    assert (refused.value.shown.key, refused.value.shown.expected) == (sftp.key, known)
    assert fingerprint(known) in refused.value.message
    assert fingerprint(sftp.key) in refused.value.message
    assert not refused.value.transient


def test_a_connection_is_shared_only_by_those_who_know_the_same_key(sftp: SftpServer) -> None:
    mine = opened(sftp, sftp.key)
    assert opened(sftp, sftp.key).filesystem is mine.filesystem
    with pytest.raises(HostKeyRefused):
        opened(sftp, public(new_key()))
    with pytest.raises(HostKeyRefused):
        opened(sftp)


@pytest.mark.parametrize("hashed", [False, True])
def test_a_server_that_the_machine_knows_needs_no_other_key(sftp: SftpServer, hashed: bool) -> None:
    sftp.make_known(hashed=hashed)
    write(opened(sftp) / "x.csv")
    assert sftp.files() == ["feeds/x.csv"]


def test_a_server_may_be_known_to_all_users_of_the_machine(
    sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = sftp.make_known()
    everybody = file.rename(file.with_name("ssh_known_hosts"))
    monkeypatch.setattr(checked, "KNOWN_HOSTS", (str(everybody), *checked.KNOWN_HOSTS[1:]))
    assert opened(sftp).filesystem.shown_key == sftp.key


def test_what_the_machine_knows_counts_more_than_what_a_person_has_said(sftp: SftpServer) -> None:
    sftp.make_known(public(new_key()))
    with pytest.raises(HostKeyRefused) as refused:
        opened(sftp, sftp.key)
    assert refused.value.shown.by_machine
    assert sftp.passwords == []


@pytest.mark.parametrize("known", [0, 1, 2])
def test_a_server_with_several_keys_is_asked_for_the_one_that_is_known(
    sftp: SftpServer, known: int
) -> None:
    sftp.keys = [new_key(), paramiko.RSAKey.generate(2048), paramiko.ECDSAKey.generate()]
    for machine in (False, True):
        if machine:
            sftp.make_known(public(sftp.keys[known]))
        place = opened(sftp, "" if machine else public(sftp.keys[known]))
        assert place.filesystem.shown_key == public(sftp.keys[known])


def test_a_list_of_known_servers_that_is_broken_is_named(sftp: SftpServer) -> None:
    sftp.make_known("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKL16s8O8")
    with pytest.raises(SettingError, match=r"Line 1 of ~/\.ssh/known_hosts is no key"):
        opened(sftp, sftp.key)
    assert sftp.passwords == []


def test_lines_about_other_things_do_no_harm(sftp: SftpServer) -> None:
    file = sftp.make_known()
    others = (
        "# ours",
        "",
        f"@cert-authority *.example.com {sftp.key}",
        f"@revoked * {public(new_key())}",
        "new.example.com sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t",
        "two.words",
    )
    file.write_text("\n".join([*others, file.read_text().replace(" ", "  ")]))
    assert opened(sftp).filesystem.shown_key == sftp.key


def test_a_wrong_password_is_not_tried_again(sftp: SftpServer) -> None:
    with pytest.raises(DestinationRefused, match=f"does not let in the user “{USER}”"):
        opened(sftp, sftp.key, password="something else")
    assert sftp.passwords == ["something else"]


def test_no_wrapping_address_leads_around_it(sftp: SftpServer) -> None:
    with pytest.raises(HostKeyRefused):
        open_address(f"simplecache::{sftp.address}/feeds", sftp=sftp.login)
    assert sftp.passwords == []


def test_uploads_go_only_to_a_server_that_the_machine_knows(
    sftp: SftpServer, tmp_path: Path
) -> None:
    address = f"sftp://{USER}:{PASSWORD}@127.0.0.1:{sftp.port}/uploads"
    settings = load_settings(home=tmp_path, storage=address)
    with pytest.raises(SettingError, match=r"have it put into ~/\.ssh/known_hosts") as refused:
        open_storage(settings)
    assert PASSWORD not in refused.value.message
    assert sftp.passwords == []
    sftp.make_known()
    check(settings)
    write(open_storage(settings) / "x.csv")
    assert sftp.files() == ["uploads/x.csv"]


def test_there_is_no_other_way_to_such_a_server() -> None:
    opens = re.compile(r"^ *(import fsspec|from fsspec import|import paramiko)\b", re.M)
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("core", "rag", "batch", "pages")
        for path in (ROOT / package).rglob("*.py")
        if opens.search(path.read_text())
    }
    assert found == {"core/filesystems.py", "core/sftp.py"}
