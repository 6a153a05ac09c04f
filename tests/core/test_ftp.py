"""What an FTP server gets, and what it must show before; with TLS and in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.errors import DestinationRefused
from core.filesystems import open_address
from core.stored_files import Stored
from tests.ftp_server import FtpServer
from tests.mail_sink import make_certificate
from tests.sftp_server import PASSWORD, USER

TEXT = b"id,title\n" * 1_000_000


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "server.pem"
    make_certificate(file)
    return file


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[FtpServer]:
    (tmp_path / "plain").mkdir()
    with FtpServer(tmp_path / "plain").running() as server:
        yield server


@pytest.fixture
def tls(tmp_path: Path, certificate: Path) -> Iterator[FtpServer]:
    (tmp_path / "tls").mkdir()
    with FtpServer(tmp_path / "tls", certificate).running() as server:
        yield server


@contextmanager
def opened(scheme: str, server: FtpServer, password: str = PASSWORD) -> Iterator[Stored]:
    address = f"{scheme}://127.0.0.1:{server.port}/feeds/new"
    filesystem, path = open_address(address, username=USER, password=password)
    with closing(filesystem):
        yield Stored(filesystem, path)


def is_as_any_other(folder: Stored, server: FtpServer) -> None:
    """A file there appears whole or not at all, is read back, and is removed."""
    place = folder / "x.csv"
    for text in (b"older\n", TEXT):
        with place.create() as file:
            file.write(text)
    with pytest.raises(RuntimeError), place.create() as file:
        file.write(TEXT)
        raise RuntimeError
    assert server.files() == ["feeds/new/x.csv"]
    with place.stream() as file:
        assert file.read() == TEXT
    place.remove()
    place.remove()
    assert server.files() == []


def test_a_file_is_written_in_the_clear(plain: FtpServer) -> None:
    with opened("ftp", plain) as folder:
        is_as_any_other(folder, plain)


def test_a_file_is_written_by_tls(
    tls: FtpServer, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with opened("ftps", tls) as folder:
        is_as_any_other(folder, tls)


def test_a_server_with_a_certificate_that_nobody_vouches_for_gets_no_password(
    tls: FtpServer,
) -> None:
    wanted = pytest.raises(DestinationRefused, match=r"self-signed.*SSL_CERT_FILE")
    with wanted, opened("ftps", tls):
        pass
    assert tls.passwords == []


def test_a_server_that_cannot_encrypt_gets_no_password(plain: FtpServer) -> None:
    with pytest.raises(DestinationRefused, match="cannot encrypt"), opened("ftps", plain):
        pass
    assert plain.passwords == []


def test_a_wrong_password_is_not_tried_again(plain: FtpServer) -> None:
    wanted = pytest.raises(DestinationRefused, match=f"does not let in the user “{USER}”")
    with wanted, opened("ftp", plain, "something else"):
        pass
    assert plain.passwords == ["something else"]
