"""What a job extracts: one field set for every product, or one for each product type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batch.fields import Field, FieldSet


@dataclass(frozen=True, slots=True)
class Plan:
    """The fields of each row.

    Attributes:
        fields: The fields of every product whose type has no set of its own.
        by: The column whose cells name the product type; None where all rows are alike.
        sets: Product type to its fields.
    """

    fields: FieldSet
    by: str | None = None
    sets: Mapping[str, FieldSet] = field(default_factory=dict)

    def of_type(self, product_type: str) -> FieldSet:
        """The fields of a product type, whatever the case it is written in."""
        if product_type in self.sets:
            return self.sets[product_type]
        folded = product_type.casefold()
        same = (one for name, one in self.sets.items() if name.casefold() == folded)
        return next(same, self.fields)

    @property
    def all_fields(self) -> FieldSet:
        """Every field once, by name, in the order of the sets."""
        found: dict[str, Field] = {}
        for each in (self.fields, *self.sets.values()):
            for one in each:
                found.setdefault(one.name.casefold(), one)
        return tuple(found.values())

    def fields_to_json(self) -> list[dict[str, Any]]:
        """The fields of all, as stored."""
        return _dump(self.fields)

    def types_to_json(self) -> dict[str, Any] | None:
        """What the product types have of their own, as stored beside the fields of all."""
        if self.by is None:
            return None
        return {"by": self.by, "sets": {name: _dump(one) for name, one in self.sets.items()}}

    @classmethod
    def from_json(cls, fields: list[Any], types: Mapping[str, Any] | None) -> Plan:
        """Rebuild from stored fields and :meth:`types_to_json`."""
        types = types or {}
        sets = {name: _load(one) for name, one in types.get("sets", {}).items()}
        return cls(_load(fields), types.get("by"), sets)


def _dump(fields: FieldSet) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in fields]


def _load(stored: list[Any]) -> FieldSet:
    return tuple(Field.model_validate(one) for one in stored)
