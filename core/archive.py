"""What the file of a backup is: a ZIP archive with a manifest that names everything in it.

Written by :mod:`core.archive_writer`, read by :mod:`core.archive_reader`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

#: Raised when an older version could not read what this one writes.
FORMAT = 1
MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20


class Member(BaseModel):
    """One file of an archive."""

    model_config = ConfigDict(frozen=True)

    name: str
    size: int
    sha256: str


class Manifest(BaseModel):
    """What an archive says of itself.

    Attributes:
        format: Of the archive; see :data:`FORMAT`.
        made_at: When, in seconds since the epoch.
        revision: Of the tables.
        database: Which kind it was, for people.
        key_id: Tells whether a home has the key that stored secrets were sealed with.
        key_inside: Whether that key is in the archive.
        tables: How many rows each table had, in an order in which they can be filled.
        marks: The highest number that each numbered table has given out.
        members: Every file, but the manifest.
        notes: What the person who restores it should know.
    """

    model_config = ConfigDict(frozen=True)

    format: int
    made_at: float
    revision: str
    database: str
    key_id: str
    key_inside: bool
    tables: dict[str, int]
    marks: dict[str, int]
    members: list[Member]
    notes: list[str] = []
