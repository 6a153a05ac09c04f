"""Where catalogs come from by themselves: the folder for imports, an object store, the web."""

from __future__ import annotations

from batch.catalog_offer import Place
from batch.import_folder import ImportFolder
from batch.stored_catalogs import StoredCatalogs
from batch.web_catalog import WebCatalog
from core.errors import CatalogError
from core.settings import Settings


def place(settings: Settings, text: str) -> Place:
    """The place that somebody has typed.

    Args:
        settings: Name the folder for imports, and whom the shop may ask.
        text: A file or a pattern in that folder, or an address.

    Raises:
        CatalogError: It is none, or one that is closed.
    """
    address = text.strip()
    scheme, separator, _ = address.partition("://")
    if not separator:
        return ImportFolder(settings, address)
    if "@" in address.partition("://")[2].partition("/")[0]:
        raise CatalogError(
            "A name or password does not belong in an address: it would be stored as it is."
        )
    if scheme.lower() in ("http", "https"):
        return WebCatalog(settings, address)
    return StoredCatalogs(settings, address)
