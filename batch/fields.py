"""The fields to extract: what they are and which field sets can be extracted.

Turning a model's answer into values of these fields is :mod:`batch.answers`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import FieldsError
from core.settings import SAMPLE

MAX_FIELDS = 60
MAX_NAME = 60
#: Texts of these names are written rather than copied, unless their field says otherwise.
WRITTEN_NAMES = ("seo", "description", "summary", "title")
_KEYS = ("name", "type", "manner", "unit", "description", "examples", "choices", "required")


class FieldType(StrEnum):
    """What kind of value a field holds."""

    TEXT = "text"  #: words, as short as the field allows
    NUMBER = "number"  #: one number without its unit
    BOOLEAN = "boolean"  #: yes or no
    CHOICE = "choice"  #: exactly one of the field's choices
    LIST = "list"  #: several short texts, of the field's choices if it has any


class Manner(StrEnum):
    """How a value comes to be."""

    COPY = "copy"  #: taken from the row exactly as it is written there
    WRITE = "write"  #: in the model's own words


class Field(BaseModel):
    """One thing to find out about every product.

    Attributes:
        name: What the result column is called.
        manner: Copied from the row or written; None: as its type and name suggest.
        unit: The unit that numbers are given in, such as "cm"; empty for plain numbers.
        description: What the model is told to look for.
        examples: Values such as it should have, for people and for models that do not copy them.
        choices: The allowed values; of a choice, or of each item of a list.
        required: Whether a product without it counts as failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: FieldType = FieldType.TEXT
    manner: Manner | None = None
    unit: str = ""
    description: str = ""
    examples: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def copied(self) -> bool:
        """Whether its values have to stand in the row as they are."""
        if self.manner is not None:
            return self.manner is Manner.COPY
        written = self.name.casefold().startswith(WRITTEN_NAMES)
        return self.type is FieldType.TEXT and not written


FieldSet = tuple[Field, ...]


def parse_fields(data: str | bytes | list[Any]) -> FieldSet:
    """Read a field set from JSON: a list of objects, one a field.

    Raises:
        FieldsError: It is no usable field set; the message names the field and its place.
    """
    items = data if isinstance(data, list) else _load(data)
    if not isinstance(items, list):
        raise FieldsError("Fields must be a JSON list: [ {…}, {…} ].")
    if not items:
        raise FieldsError("There are no fields. Add at least one thing to extract.")
    if len(items) > MAX_FIELDS:
        raise FieldsError(f"{len(items)} fields are too many: at most {MAX_FIELDS} at a time.")
    field_set = tuple(_field(position, item) for position, item in enumerate(items, start=1))
    _refuse_twins(field_set)
    return field_set


def load_fields(path: Path) -> FieldSet:
    """Read a field set from a file.

    Raises:
        FieldsError: The file cannot be read or holds no usable field set.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FieldsError(f"The fields file {path} could not be read: {error.strerror}.") from error
    try:
        return parse_fields(data)
    except FieldsError as error:
        raise FieldsError(f"{path.name}: {error.message}") from error


def dump_fields(field_set: Iterable[Field]) -> str:
    """The field set as JSON that :func:`parse_fields` reads, a field a line."""
    lines = (json.dumps(_sparse(field), ensure_ascii=False) for field in field_set)
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def _sparse(field: Field) -> dict[str, Any]:
    # The type is said even where it is the default: a reader sees what there is to change.
    full = field.model_dump(mode="json")
    return {key: full[key] for key in _KEYS if full[key] or key == "type"}


def starter_fields() -> FieldSet:
    """The fields of the sample shop, to begin with."""
    return load_fields(SAMPLE / "fields.json")


def result_columns(field_set: FieldSet, catalog_columns: Iterable[str]) -> dict[str, str]:
    """Field name to the column its values go to, never one of the catalog's own."""
    taken = {column.casefold() for column in catalog_columns}
    columns: dict[str, str] = {}
    for field in field_set:
        column, number = field.name, 1
        while column.casefold() in taken:
            suffix = "(extracted)" if number == 1 else f"(extracted {number})"
            column, number = f"{field.name} {suffix}", number + 1
        taken.add(column.casefold())
        columns[field.name] = column
    return columns


def _load(data: str | bytes) -> Any:
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise FieldsError(
            f"Fields are not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except UnicodeDecodeError as error:
        raise FieldsError("Fields must be saved as UTF-8.") from error


def _field(position: int, item: Any) -> Field:
    if not isinstance(item, Mapping):
        raise FieldsError(f'Field {position} must be an object such as {{"name": "color"}}.')
    name = _name(position, item)
    where = f"Field {position} (“{name}”)"
    if unknown := [str(key) for key in item if key not in _KEYS]:
        raise FieldsError(
            f"{where} has an unknown key “{unknown[0]}”. Known are {', '.join(_KEYS)}."
        )
    kind = _type(where, item.get("type", FieldType.TEXT))
    required = item.get("required", False)
    if not isinstance(required, bool):
        raise FieldsError(f"{where}: “required” must be true or false.")
    description = item.get("description", "")
    if not isinstance(description, str):
        raise FieldsError(f"{where}: “description” must be text.")
    return Field(
        name=name,
        type=kind,
        description=description.strip(),
        choices=_choices(where, kind, item.get("choices")),
        required=required,
    )


def _name(position: int, item: Mapping[str, Any]) -> str:
    name = item.get("name")
    if not isinstance(name, str) or not name.strip():
        raise FieldsError(f"Field {position} has no name.")
    name = " ".join(name.split())
    if len(name) > MAX_NAME:
        raise FieldsError(
            f"Field {position} (“{name[:20]}…”): a name has at most {MAX_NAME} characters, "
            f"this one has {len(name)}."
        )
    return name


def _type(where: str, value: Any) -> FieldType:
    try:
        return FieldType(value)
    except ValueError as error:
        known = ", ".join(FieldType)
        raise FieldsError(f"{where} has an unknown type “{value}”. Known are {known}.") from error


def _choices(where: str, kind: FieldType, value: Any) -> tuple[str, ...]:
    if value is None:
        value = []
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise FieldsError(f"{where}: “choices” must be a list of texts.")
    choices = tuple(dict.fromkeys(each.strip() for each in value if each.strip()))
    if kind is FieldType.CHOICE and not choices:
        raise FieldsError(f"{where} is a choice without choices. Say what to choose from.")
    if choices and kind not in (FieldType.CHOICE, FieldType.LIST):
        raise FieldsError(f"{where} has choices but is of type {kind}. Make it a choice or a list.")
    return choices


def _refuse_twins(field_set: FieldSet) -> None:
    seen: dict[str, int] = {}
    for position, field in enumerate(field_set, start=1):
        first = seen.setdefault(field.name.casefold(), position)
        if first != position:
            raise FieldsError(
                f"Field {position} (“{field.name}”) has the same name as field {first}."
            )
