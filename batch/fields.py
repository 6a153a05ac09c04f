"""The fields to extract: what they are and which field sets can be extracted.

One set for each product type is :mod:`batch.plan`; turning a model's answer into
values of these fields is :mod:`batch.answers`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from batch.field_keys import KEYS, FieldType, Manner, read_item
from core.errors import FieldsError

__all__ = [
    "MAX_FIELDS",
    "Field",
    "FieldSet",
    "FieldType",
    "Manner",
    "dump_fields",
    "field_objects",
    "load_fields",
    "load_json",
    "parse_fields",
    "read_file",
    "result_columns",
]

MAX_FIELDS = 60
#: Texts of these names are written rather than copied, unless their field says otherwise.
WRITTEN_NAMES = ("seo", "description", "summary", "title")


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
    items = data if isinstance(data, list) else load_json(data)
    if not isinstance(items, list):
        raise FieldsError("Fields must be a JSON list: [ {…}, {…} ].")
    if not items:
        raise FieldsError("There are no fields. Add at least one thing to extract.")
    if len(items) > MAX_FIELDS:
        raise FieldsError(f"{len(items)} fields are too many: at most {MAX_FIELDS} at a time.")
    read = (read_item(position, item) for position, item in enumerate(items, start=1))
    field_set = tuple(Field(**one) for one in read)
    _refuse_twins(field_set)
    return field_set


def load_fields(path: Path) -> FieldSet:
    """Read a field set from a file.

    Raises:
        FieldsError: The file cannot be read or holds no usable field set.
    """
    data = read_file(path)
    try:
        return parse_fields(data)
    except FieldsError as error:
        raise FieldsError(f"{path.name}: {error.message}") from error


def read_file(path: Path) -> bytes:
    """A fields file as it is.

    Raises:
        FieldsError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FieldsError(f"The fields file {path} could not be read: {error.strerror}.") from error


def load_json(data: str | bytes) -> Any:
    """What a fields file says.

    Raises:
        FieldsError: It is no JSON; the message names line and column.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise FieldsError(
            f"Fields are not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except UnicodeDecodeError as error:
        raise FieldsError("Fields must be saved as UTF-8.") from error


def dump_fields(field_set: Iterable[Field]) -> str:
    """The field set as JSON that :func:`parse_fields` reads, a field a line."""
    lines = (json.dumps(one, ensure_ascii=False) for one in field_objects(field_set))
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def field_objects(field_set: Iterable[Field]) -> list[dict[str, Any]]:
    """The fields as a file has them, without what goes without saying."""
    return [_sparse(field) for field in field_set]


def _sparse(field: Field) -> dict[str, Any]:
    # The type is said even where it is the default: a reader sees what there is to change.
    full = field.model_dump(mode="json")
    return {key: full[key] for key in KEYS if full[key] or key == "type"}


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


def _refuse_twins(field_set: FieldSet) -> None:
    seen: dict[str, int] = {}
    for position, field in enumerate(field_set, start=1):
        first = seen.setdefault(field.name.casefold(), position)
        if first != position:
            raise FieldsError(
                f"Field {position} (“{field.name}”) has the same name as field {first}."
            )
