"""The one folder of this machine that results may be delivered to."""

from __future__ import annotations

from pathlib import Path

from core.errors import DestinationRefused
from core.settings import Settings


def place_below(settings: Settings, place: str) -> Path:
    """A file or folder below the folder for exports; the folders above it are made.

    Raises:
        DestinationRefused: It is elsewhere, links included, or cannot be made.
    """
    top = settings.exports.resolve()
    if settings.home.resolve().is_relative_to(top):
        raise DestinationRefused(
            "The folder for exports holds Shopkeeper's own data, which a delivery could "
            "overwrite. Set SHOPKEEPER_EXPORT_FOLDER to a folder of its own."
        )
    found = (top / place).resolve()
    if found == top or not found.is_relative_to(top):
        raise DestinationRefused(
            f"“{place}” is not below {top}, and results are written nowhere else on this machine. "
            "SHOPKEEPER_EXPORT_FOLDER names another folder."
        )
    try:
        found.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DestinationRefused(
            f"The folder {found.parent} cannot be made: {error.strerror}."
        ) from error
    return found
