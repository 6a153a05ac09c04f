"""Which storage uploaded files are in: a folder of this machine, or an object store.

Its files are read and written by :mod:`core.stored_files`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from fsspec.registry import known_implementations

from core.errors import HostKeyRefused, SettingError
from core.filesystems import open_address
from core.settings import Settings
from core.stored_files import Stored, local

#: What `s3://` is told; where none of them is set, the usual chain of AWS applies.
_S3_OPTIONS = {
    "key": "AWS_ACCESS_KEY_ID",
    "secret": "AWS_SECRET_ACCESS_KEY",
    "token": "AWS_SESSION_TOKEN",
    "endpoint_url": "AWS_ENDPOINT_URL",
}


def open_storage(settings: Settings) -> Stored:
    """The folder of all uploads: in the home, or where ``SHOPKEEPER_STORAGE`` says.

    Raises:
        SettingError: It names a storage that is not known, or whose package is missing.
    """
    address = settings.storage
    if address is None:
        return local(settings.home / "uploads")
    return _remote(settings, address) if "://" in address else local(Path(address))


@lru_cache(maxsize=8)
def _remote(settings: Settings, address: str) -> Stored:
    """Opened once for all threads: each would have connections of its own."""
    protocol = address.partition("://")[0]
    try:
        filesystem, path = open_address(address, **store_options(settings, protocol))
    except HostKeyRefused as error:
        raise SettingError(
            f"SHOPKEEPER_STORAGE={address}: {error.message} If the key is right, have it put into "
            "~/.ssh/known_hosts of the account that Shopkeeper runs as."
        ) from error
    except ImportError as error:
        package = known_implementations[protocol]["class"].partition(".")[0]
        raise SettingError(
            f"SHOPKEEPER_STORAGE={address} needs a package that is not installed: "
            f"pip install {package}"
        ) from error
    except ValueError as error:
        raise SettingError(
            f"SHOPKEEPER_STORAGE={address} names no storage that is known; it should look like "
            "s3://bucket/folder, or be a folder of this machine."
        ) from error
    return Stored(filesystem, path.rstrip("/"))


def store_options(settings: Settings, protocol: str) -> dict[str, Any]:
    """How an object store is reached: its keys come from the environment or from ``.env``."""
    if protocol not in ("s3", "s3a"):
        return {}
    given = {option: settings.variable(name) for option, name in _S3_OPTIONS.items()}
    region = settings.variable("AWS_REGION") or settings.variable("AWS_DEFAULT_REGION")
    return {
        **{option: value for option, value in given.items() if value},
        "client_kwargs": {"region_name": region} if region else {},
        # Other processes write too: what was listed before may be wrong by now.
        "use_listings_cache": False,
    }


def check(settings: Settings) -> None:
    """See that files can be written and removed.

    Raises:
        SettingError: They cannot; the message says why and what to do.
    """
    probe = open_storage(settings) / f"probe-{os.getpid()}"
    try:
        with probe.create() as file:
            file.write(b"x")
        probe.remove()
    except OSError as error:
        raise SettingError(
            f"Cannot write in {open_storage(settings).path}: {error.strerror}. Set "
            "SHOPKEEPER_STORAGE to a folder that you may write in, or to an address such as "
            "s3://bucket/folder."
        ) from error
