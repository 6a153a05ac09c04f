"""Catalogs in an object store, through fsspec; its keys come from the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast

from fsspec.registry import known_implementations

from batch.catalog_offer import Offer
from core.errors import CatalogError, SettingError
from core.filesystems import open_address
from core.settings import Settings
from core.storage import store_options
from core.stored_files import Stored
from core.stores import is_open

#: Never this machine's files, nor what wraps another address.
STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss")
_PATTERN = "*?["


class StoredCatalogs:
    """The catalogs that an address of an object store means.

    Args:
        settings: Tell how the store is reached.
        address: Of a file, or a pattern such as ``s3://bucket/catalogs/*.csv``.

    Raises:
        CatalogError: It is no such address.
        SettingError: It is not among those that may be read, or the store's package is missing.
    """

    def __init__(self, settings: Settings, address: str) -> None:
        scheme = address.partition("://")[0]
        if scheme not in STORES or "::" in address:
            raise CatalogError(
                f"“{address}” is no address that catalogs are taken from. Use https://, http://, "
                "an object store such as s3://bucket/catalog.csv, or a file in the folder for "
                "imports."
            )
        if not is_open(address, settings.open_for_imports):
            raise SettingError(
                f"{address} is not among the addresses that catalogs may be taken from with the "
                "shop's own keys. Ask an administrator to name it in SHOPKEEPER_IMPORT_STORES."
            )
        self._address = address
        try:
            self._files, self._path = open_address(address, **store_options(settings, scheme))
        except ImportError as error:
            package = known_implementations[scheme]["class"].partition(".")[0]
            raise SettingError(
                f"{scheme}:// needs a package that is not installed: pip install {package}"
            ) from error
        except ValueError as error:
            raise CatalogError(f"“{address}” is no address: {error}.") from error

    def offers(self) -> list[Offer]:
        """The files that are there now, the newest first."""
        found = [self._offer(one) for one in self._found() if one.get("type") == "file"]
        return sorted(found, key=lambda one: (-one.changed_at, one.path))

    def absent(self) -> str:
        """What is missing where no file is there, and what to do about it."""
        return f"There is nothing at {self._address}. Put the catalog there."

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A file, to be read from its beginning to its end."""
        stored = Stored(self._files, path, "the schedule's address")
        try:
            file = stored.stream()
        except FileNotFoundError as error:
            raise CatalogError(f"{path} is no longer there.") from error
        with file:
            yield cast(BinaryIO, file)

    def _found(self) -> list[Mapping[str, Any]]:
        try:
            if any(sign in self._path for sign in _PATTERN):
                return list(self._files.glob(self._path, detail=True).values())
            return [self._files.info(self._path)]
        except FileNotFoundError:
            return []
        except Exception as error:
            why = str(error).rstrip(".") or type(error).__name__
            raise SettingError(
                f"{self._address} cannot be looked at: {why}. Check the schedule's address, the "
                "store's keys in the environment, and the network."
            ) from error

    @staticmethod
    def _offer(about: Mapping[str, Any]) -> Offer:
        changed = about.get("LastModified") or about.get("last_modified") or about.get("updated")
        at = changed.timestamp() if isinstance(changed, datetime) else 0.0
        mark = str(about.get("ETag") or about.get("etag") or f"{changed or ''}-{about['size']}")
        return Offer(str(about["name"]), mark, at)
