"""One extracted value: what it is and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Scalar = str | float | bool | list[str]


class Origin(StrEnum):
    """Where a value came from."""

    STATED = "stated"  #: written in the row, at ``column[start:end]``
    INFERRED = "inferred"  #: the model's own words or conclusion
    HUMAN = "human"  #: entered or corrected by a person


#: Looked up in half the time that the enum takes: a catalog has millions of values.
_ORIGINS = {str(origin): origin for origin in Origin}


@dataclass(frozen=True, slots=True)
class Value:
    """A field's value for one product.

    Attributes:
        value: The typed value.
        origin: Where it came from.
        column: For a stated value, the catalog column it is written in.
        start: First character of it in that column's text, 0-based.
        end: One past its last character.
        raw: As it was written, where ``value`` is another form of it.
        unit: Of a number, such as ``kg``; None for anything else.
        confidence: How sure the model was, 0 to 1; None where the endpoint does not tell.
    """

    value: Scalar
    origin: Origin = Origin.INFERRED
    column: str | None = None
    start: int | None = None
    end: int | None = None
    raw: str | None = None
    confidence: float | None = None
    unit: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The form stored in the database; absent parts are left out."""
        parts = {
            "value": self.value,
            "origin": str(self.origin),
            "column": self.column,
            "start": self.start,
            "end": self.end,
            "raw": self.raw,
            "confidence": self.confidence,
            "unit": self.unit,
        }
        return {name: part for name, part in parts.items() if part is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Value:
        """Rebuild a value from :meth:`to_json`."""
        part = stored.get
        return cls(
            value=stored["value"],
            origin=_ORIGINS[part("origin", "inferred")],
            column=part("column"),
            start=part("start"),
            end=part("end"),
            raw=part("raw"),
            confidence=part("confidence"),
            unit=part("unit"),
        )

    def text(self) -> str:
        """The value as a person would write it in a cell; lists joined by commas."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, list):
            return ", ".join(self.value)
        if isinstance(self.value, float):
            return f"{self.value:.12g}"
        return self.value
