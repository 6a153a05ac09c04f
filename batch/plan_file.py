"""A plan as a file: a list of fields, or an object with fields for each product type."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from batch.fields import (
    Field,
    FieldSet,
    dump_fields,
    field_objects,
    load_json,
    parse_fields,
    read_file,
)
from batch.plan import Plan
from core.errors import FieldsError

MAX_TYPES = 200
MAX_TYPE = 120
_KEYS = ("by", "fields", "types")
_FORM = '{"by": "Type", "fields": […], "types": {"Tents": […]}}'


def parse_plan(data: str | bytes | list[Any] | Mapping[str, Any]) -> Plan:
    """Read a plan: JSON with a list of fields, or with fields for each product type.

    Raises:
        FieldsError: It is no usable plan; the message names the product type and the field.
    """
    read = load_json(data) if isinstance(data, str | bytes) else data
    if not isinstance(read, Mapping):
        if not isinstance(read, list):
            raise FieldsError(f"Fields must be a JSON list [ {{…}}, {{…}} ], or {_FORM}.")
        return Plan(parse_fields(read))
    if unknown := [str(key) for key in read if key not in _KEYS]:
        raise FieldsError(f"There is an unknown key “{unknown[0]}”. The form is {_FORM}.")
    plan = Plan(_set("All other products", read.get("fields", [])), _by(read), _types(read))
    refuse_conflicts(plan)
    return plan


def load_plan(path: Path) -> Plan:
    """Read a plan from a file.

    Raises:
        FieldsError: The file cannot be read or holds no usable plan.
    """
    data = read_file(path)
    try:
        return parse_plan(data)
    except FieldsError as error:
        raise FieldsError(f"{path.name}: {error.message}") from error


def dump_plan(plan: Plan) -> str:
    """The plan as JSON that :func:`parse_plan` reads, a field a line."""
    if plan.by is None:
        return dump_fields(plan.fields)
    types = [f"    {_quoted(name)}: {_indented(fields, 4)}" for name, fields in plan.sets.items()]
    lines = [
        "{",
        f'  "by": {_quoted(plan.by)},',
        f'  "fields": {_indented(plan.fields, 2)},',
        '  "types": {',
        ",\n".join(types),
        "  }",
        "}\n",
    ]
    return "\n".join(line for line in lines if line)


def plan_object(plan: Plan) -> Any:
    """The plan as :func:`dump_plan` writes it, for a column of JSON."""
    if plan.by is None:
        return field_objects(plan.fields)
    types = {name: field_objects(fields) for name, fields in plan.sets.items()}
    return {"by": plan.by, "fields": field_objects(plan.fields), "types": types}


def check_plan(plan: Plan, columns: Collection[str]) -> None:
    """See that the catalog can tell the product types apart.

    Raises:
        FieldsError: It has no such column; the message says which it has.
    """
    if plan.by is not None and plan.by not in columns:
        there = ", ".join(f"“{name}”" for name in columns)
        raise FieldsError(
            f"The fields depend on the product type in the column “{plan.by}”, which this file "
            f"does not have. Its columns are {there}."
        )


def refuse_conflicts(plan: Plan) -> None:
    """See that a field means the same kind of value in every product type: it is one column.

    Raises:
        FieldsError: It does not; the message names the field and both types.
    """
    seen: dict[str, tuple[str, Field]] = {}
    for where, one in _fields_of_types(plan):
        first_type, first = seen.setdefault(one.name.casefold(), (where, one))
        if first.type is not one.type:
            raise FieldsError(
                f"“{one.name}” is a {one.type} in {where} but a {first.type} in {first_type}. "
                "Both go to one column: give it the same type, or another name."
            )
        if first.name != one.name:
            raise FieldsError(
                f"“{one.name}” in {where} is written “{first.name}” in {first_type}. "
                "Write it alike: both go to one column."
            )


def _fields_of_types(plan: Plan) -> Iterable[tuple[str, Field]]:
    for one in plan.fields:
        yield "all other products", one
    for name, fields in plan.sets.items():
        for one in fields:
            yield f"“{name}”", one


def _by(read: Mapping[str, Any]) -> str | None:
    by = read.get("by")
    if by is None:
        if read.get("types"):
            raise FieldsError(
                "There are fields for product types, but no “by”: name the column that holds "
                "the product type."
            )
        return None
    if not isinstance(by, str) or not by.strip():
        raise FieldsError("“by” must be the name of the column that holds the product type.")
    return by


def _types(read: Mapping[str, Any]) -> dict[str, FieldSet]:
    types = read.get("types") or {}
    if not isinstance(types, Mapping):
        raise FieldsError("“types” must be an object: product types, each with its fields.")
    if len(types) > MAX_TYPES:
        raise FieldsError(f"{len(types)} product types are too many: at most {MAX_TYPES}.")
    sets: dict[str, FieldSet] = {}
    for name, fields in types.items():
        product_type = _type_name(str(name), sets)
        sets[product_type] = _set(f"Product type “{product_type}”", fields)
    return sets


def _type_name(name: str, taken: Collection[str]) -> str:
    product_type = name.strip()
    if not product_type:
        raise FieldsError("One of the product types has no name.")
    if len(product_type) > MAX_TYPE:
        raise FieldsError(
            f"The product type “{product_type[:20]}…” has more than {MAX_TYPE} characters."
        )
    if twin := next((one for one in taken if one.casefold() == product_type.casefold()), None):
        raise FieldsError(
            f"The product types “{twin}” and “{product_type}” are the same: case does not count."
        )
    return product_type


def _set(where: str, fields: Any) -> FieldSet:
    if not isinstance(fields, list):
        raise FieldsError(f"{where}: the fields must be a list.")
    try:
        return parse_fields(fields)
    except FieldsError as error:
        raise FieldsError(f"{where}: {error.message}") from error


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _indented(fields: FieldSet, spaces: int) -> str:
    """The set's lines as deep as their place."""
    return dump_fields(fields).strip().replace("\n", "\n" + " " * spaces)
