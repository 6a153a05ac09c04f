"""A file as a destination: in the folder for exports, or in an object store.

It is written whole or not at all: who reads it meanwhile has the one before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from fsspec.registry import known_implementations

from batch.destination_options import SERVERS, FileOptions
from batch.export_folder import place_below
from batch.result_files import safe_name
from batch.server_keys import SSH, refused
from core import outbound
from core.errors import DestinationError, DestinationRefused, HostKeyRefused, SettingError
from core.filesystems import open_address
from core.settings import Settings
from core.storage import store_options
from core.stored_files import Stored, local
from core.stores import is_below, is_open

#: Whose options are those of s3fs.
_S3 = ("s3", "s3a")
#: Those that can be given a login of their own.
_LOGINS = (*_S3, *SSH)
PROBE = "shopkeeper-try"


class FileTarget:
    """A file that each delivery writes anew.

    Args:
        settings: Names the folder for exports and the addresses that are closed.
        options: Where it is.
        password: Of the user.
    """

    def __init__(self, settings: Settings, options: FileOptions, password: str) -> None:
        self._settings = settings
        self._options = options
        self._password = password

    def write(self, pieces: Iterable[bytes], job_name: str, at: float) -> str:
        """Write the file.

        Args:
            pieces: What it holds.
            job_name: For its name.
            at: When the delivery was asked for, in seconds since the epoch: for its name, so
                that it is the same one however often this is begun.

        Returns:
            The file's name.

        Raises:
            DestinationError: It could not be written; an older one of that name is as it was.
        """
        name = file_name(self._options, job_name, at)
        try:
            with self._place(name) as place, place.create() as file:
                file.writelines(pieces)
        except (SettingError, OSError) as error:
            raise self._told(error) from error
        return name

    def probe(self) -> str:
        """Write a file, and remove it.

        Returns:
            The key of the SFTP server, which is the right one; empty: it is no such server.

        Raises:
            HostKeyRefused: An SFTP server shows a key that is not known to be its own.
            DestinationError: Writing or removing could not be done.
        """
        try:
            with self._place(f"{PROBE}-{os.getpid()}") as place:
                with place.create() as file:
                    file.write(b"Shopkeeper tries whether it can write here.\n")
                place.remove()
                return str(getattr(place.filesystem, "shown_key", ""))
        except (SettingError, OSError) as error:
            raise self._told(error) from error

    @contextmanager
    def _place(self, name: str) -> Iterator[Stored]:
        """A file of that name; a connection to its server ends after it."""
        folder = self._options.folder
        scheme, found, _ = folder.partition("://")
        if not found:
            yield local(place_below(self._settings, f"{folder}/{name}"))
        elif scheme == "file":
            top = self._settings.exports.resolve()
            inside = os.path.relpath(folder.removeprefix("file://"), top)
            yield local(place_below(self._settings, f"{inside}/{name}"))
        else:
            self._refuse_closed(scheme)
            opened = self._opened(scheme)
            try:
                yield opened / name
            finally:
                if scheme in SERVERS:
                    opened.filesystem.close()

    def _opened(self, scheme: str) -> Stored:
        folder = self._options.folder
        try:
            filesystem, path = open_address(folder, **self._login(scheme))
        except ImportError as error:
            package = known_implementations[scheme]["class"].partition(".")[0]
            raise DestinationRefused(
                f"{scheme}:// needs a package that is not installed: pip install {package}"
            ) from error
        except HostKeyRefused as error:
            raise refused(error) from error
        except DestinationError:
            raise
        except Exception as error:
            raise self._told(error) from error
        return Stored(filesystem, path.rstrip("/"))

    def _login(self, scheme: str) -> dict[str, Any]:
        options = self._options
        if scheme in _S3:
            region = options.region or self._settings.variable("AWS_REGION")
            usual = store_options(self._settings, "s3")
            own = {"key": options.user, "secret": self._password, "token": None}
            return {
                **usual,
                **(own if self._has_own_keys(scheme) else {}),
                "endpoint_url": options.endpoint or usual.get("endpoint_url"),
                "client_kwargs": {"region_name": region} if region else {},
            }
        given = {"username": options.user, "password": self._password}
        known: dict[str, Any] = {
            name: one for name, one in given.items() if one and scheme in SERVERS
        }
        if scheme in SSH:
            known["host_key"] = options.host_key
        if scheme in SSH and self._password:
            # Or else the machine's own keys would be tried first.
            known |= {"look_for_keys": False, "allow_agent": False}
        return known | {"skip_instance_cache": True}

    def _has_own_keys(self, scheme: str) -> bool:
        """Whether it opens the store with what was typed here, and nothing of the machine's."""
        if scheme in _S3:
            return bool(self._options.user and self._password)
        return scheme in ("ftp", "ftps") or (scheme in SSH and bool(self._password))

    def _refuse_closed(self, scheme: str) -> None:
        """Keep to what is outside: neither our own storage nor our own network."""
        if self._settings.storage and is_below(self._options.folder, self._settings.storage):
            raise DestinationRefused(
                "That is where Shopkeeper keeps uploaded catalogs, which a delivery could "
                "overwrite. Choose another folder."
            )
        if not self._has_own_keys(scheme):
            self._refuse_unnamed(scheme)
        server = self._options.endpoint if scheme in _S3 else self._options.folder
        host = urlsplit(server or "").hostname
        if host and (scheme in _S3 or scheme in SERVERS):
            outbound.addresses(self._settings, host, 443)

    def _refuse_unnamed(self, scheme: str) -> None:
        """Use the keys of this machine only where the administrator has said so."""
        if scheme in _S3 and self._options.endpoint:
            raise DestinationRefused(
                f"{self._options.endpoint} would be sent the shop's own keys. Give the access key "
                "and the secret key of that store, both."
            )
        if not is_open(self._options.folder, self._settings.open_for_exports):
            other = "Give its own keys or password, or ask" if scheme in _LOGINS else "Ask"
            raise DestinationRefused(
                f"The shop's own keys may not be used for {self._options.folder}. {other} an "
                "administrator to name the address in SHOPKEEPER_EXPORT_STORES."
            )

    def _told(self, error: Exception) -> DestinationError:
        if isinstance(error, OSError) and error.strerror:
            said = error.strerror
        else:
            said = str(error).rstrip(".") or type(error).__name__
            said = said.partition(" Check SHOPKEEPER_STORAGE")[0].rstrip(".")
        if self._password:
            said = said.replace(self._password, "…")
        return DestinationError(f"The file cannot be written to {self._options.folder}: {said}.")


def file_name(options: FileOptions, job_name: str, at: float) -> str:
    """The name of the file that a delivery writes."""
    moment = time.localtime(at)
    filled = (
        options.name.replace("{job}", job_name)
        .replace("{date}", time.strftime("%Y-%m-%d", moment))
        .replace("{time}", time.strftime("%H%M", moment))
    )
    return safe_name(filled, options.form.suffix)
