"""A catalog that others offer, and what every place of such catalogs can tell."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

#: A file in the folder that has just been changed may still be being copied there.
SETTLED_S = 5.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that may be taken.

    Attributes:
        path: Names it at its place.
        mark: Changes whenever its content does; empty where that cannot be told from outside.
        changed_at: When it was last changed, in seconds since the epoch; 0 where nobody tells.
    """

    path: str
    mark: str
    changed_at: float

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.path.partition("?")[0].rstrip("/").rpartition("/")[2] or self.path

    @property
    def settled(self) -> bool:
        """Whether the file is certainly not being written at this moment."""
        return time.time() - self.changed_at > SETTLED_S


class Place(Protocol):
    """Where catalogs come from."""

    def offers(self) -> list[Offer]:
        """The files that are there now, the newest first.

        Raises:
            CatalogError: That cannot be told; the message says why.
        """

    def absent(self) -> str:
        """What is missing where no file is there, and what to do about it."""

    def opened(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file, to be read from its beginning to its end.

        Raises:
            CatalogError: It cannot be read; the message says why.
        """
