"""Why a person should look at a row before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """One doubt about a row.

    Attributes:
        field: The field that it is about; None: the whole row.
        reason: Why, in a few words that many rows share.
        detail: What is special about this row; may be empty.
    """

    field: str | None
    reason: str
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form stored in the database; absent parts are left out."""
        parts = {"field": self.field, "reason": self.reason, "detail": self.detail or None}
        return {name: part for name, part in parts.items() if part is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Flag:
        """Rebuild a flag from :meth:`to_json`."""
        return cls(stored.get("field"), stored["reason"], stored.get("detail", ""))
