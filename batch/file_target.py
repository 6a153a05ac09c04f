"""A file as a destination: in the folder for exports, or in an object store.

It is written whole or not at all: who reads it meanwhile has the one before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import fsspec
from fsspec.registry import known_implementations

from batch.destination_options import FileOptions
from batch.export_folder import place_below
from batch.result_files import safe_name
from core import outbound
from core.errors import DestinationError, DestinationRefused, SettingError
from core.settings import Settings
from core.storage import Stored, local

#: Whose options are those of s3fs.
_S3 = ("s3", "s3a")
#: Stores that are a server whose name stands in the address.
_SERVERS = ("sftp", "ssh", "ftp")
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
            with self._place(name).create() as file:
                file.writelines(pieces)
        except (SettingError, OSError) as error:
            raise self._told(error) from error
        return name

    def probe(self) -> None:
        """Write a file, and remove it.

        Raises:
            DestinationError: One of both could not be done.
        """
        place = self._place(f"{PROBE}-{os.getpid()}")
        try:
            with place.create() as file:
                file.write(b"Shopkeeper tries whether it can write here.\n")
            place.remove()
        except (SettingError, OSError) as error:
            raise self._told(error) from error

    def _place(self, name: str) -> Stored:
        folder = self._options.folder
        scheme, found, _ = folder.partition("://")
        if not found:
            return local(place_below(self._settings, f"{folder}/{name}"))
        if scheme == "file":
            top = self._settings.exports.resolve()
            inside = os.path.relpath(folder.removeprefix("file://"), top)
            return local(place_below(self._settings, f"{inside}/{name}"))
        self._refuse_closed(scheme)
        return self._opened(scheme) / name

    def _opened(self, scheme: str) -> Stored:
        folder = self._options.folder
        try:
            filesystem, path = fsspec.url_to_fs(folder, **self._login(scheme))
        except ImportError as error:
            package = known_implementations[scheme]["class"].partition(".")[0]
            raise DestinationRefused(
                f"{scheme}:// needs a package that is not installed: pip install {package}"
            ) from error
        except Exception as error:
            raise self._told(error) from error
        return Stored(filesystem, path.rstrip("/"))

    def _login(self, scheme: str) -> dict[str, Any]:
        options = self._options
        if scheme in _S3:
            endpoint = options.endpoint or self._settings.variable("AWS_ENDPOINT_URL")
            region = options.region or self._settings.variable("AWS_REGION")
            return {
                "key": options.user or self._settings.variable("AWS_ACCESS_KEY_ID"),
                "secret": self._password or self._settings.variable("AWS_SECRET_ACCESS_KEY"),
                "endpoint_url": endpoint,
                "client_kwargs": {"region_name": region} if region else {},
                "use_listings_cache": False,
            }
        given = {"username": options.user, "password": self._password}
        known = {name: one for name, one in given.items() if one} if scheme in _SERVERS else {}
        return known | {"skip_instance_cache": True}

    def _refuse_closed(self, scheme: str) -> None:
        """Keep to what is outside: neither our own storage nor our own network."""
        storage = (self._settings.storage or "").rstrip("/")
        if storage and f"{self._options.folder.rstrip('/')}/".startswith(f"{storage}/"):
            raise DestinationRefused(
                "That is where Shopkeeper keeps uploaded catalogs, which a delivery could "
                "overwrite. Choose another folder."
            )
        server = self._options.endpoint if scheme in _S3 else self._options.folder
        host = urlsplit(server or "").hostname
        if host and (scheme in _S3 or scheme in _SERVERS):
            outbound.addresses(self._settings, host, 443)

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
