"""Rows as they are delivered: one product each, its values in the types of their fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import orjson

from batch.cells import parse_price, plain_text
from batch.fields import FieldSet, FieldType
from batch.ids import row_key
from batch.jobs import Job
from batch.results import ResultRow
from core.errors import DestinationRefused, ValueRefused
from core.statuses import RowStatus
from core.storable import storable
from core.values import Scalar, Value

#: Product ids are keys in databases, and those have a greatest length.
MAX_ID = 200
MAX_COLUMN_BYTES = 60
#: What every product has besides the values of its fields, and what a delivery notes with it.
PRODUCT_COLUMNS = ("product_id", "title", "price", "currency")
NOTED_COLUMNS = ("job_id", "delivery_id", "delivered_at")


class ValueKind(StrEnum):
    """What a column holds."""

    TEXT = "text"  #: words
    NUMBER = "number"  #: a number with a fraction
    BOOLEAN = "boolean"  #: yes or no
    LIST = "list"  #: several texts


_KINDS = {
    FieldType.NUMBER: ValueKind.NUMBER,
    FieldType.BOOLEAN: ValueKind.BOOLEAN,
    FieldType.LIST: ValueKind.LIST,
}


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """A field with the name and the kind of its column."""

    field: str
    name: str
    kind: ValueKind


@dataclass(frozen=True, slots=True)
class Item:
    """A product as it is delivered.

    Attributes:
        values: By field; None where nothing was found.
    """

    row_no: int
    product_id: str
    title: str
    price: float | None
    currency: str | None
    values: Mapping[str, Scalar | None]

    def to_json(self) -> dict[str, object]:
        """The form in which programs are told."""
        return {
            "product_id": self.product_id,
            "title": self.title,
            "price": self.price,
            "currency": self.currency,
            "values": dict(self.values),
        }

    def digest(self) -> bytes:
        """Changes whenever what would be delivered does."""
        told = orjson.dumps(self.to_json(), option=orjson.OPT_SORT_KEYS)
        return blake2b(told, digest_size=16).digest()


def item_columns(fields: FieldSet) -> tuple[ItemColumn, ...]:
    """The columns of some fields: named as databases like it, and always the same.

    Raises:
        DestinationRefused: Two fields would share a column.
    """
    found: dict[str, ItemColumn] = {}
    for field in fields:
        name = column_name(field.name)
        if name in found:
            raise DestinationRefused(
                f"The fields “{found[name].field}” and “{field.name}” would both be the column "
                f"“{name}”. Rename one of them in a new version of the job."
            )
        found[name] = ItemColumn(field.name, name, _KINDS.get(field.type, ValueKind.TEXT))
    return tuple(found.values())


def column_name(field: str) -> str:
    """The column of a field: ``Size (EU)`` is ``size_eu``."""
    folded = unicodedata.normalize("NFKC", field).casefold()
    name = re.sub(r"[\W_]+", "_", folded).strip("_")
    while len(name.encode()) > MAX_COLUMN_BYTES - len("_extracted"):
        name = name[:-1].rstrip("_")
    name = name or f"field_{blake2b(field.encode(), digest_size=4).hexdigest()}"
    if name in (*PRODUCT_COLUMNS, *NOTED_COLUMNS):
        return f"{name}_extracted"
    return f"_{name}" if name[0].isdigit() else name


class Items:
    """Makes items of a job's rows.

    Args:
        job: The job.

    Raises:
        DestinationRefused: Its fields cannot be columns.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.columns = item_columns(job.fields)

    def name(self, row: ResultRow) -> str:
        """The id of a row's product."""
        return storable(row_key(row.row_no, row.original, self._job.columns))

    def of(self, row: ResultRow) -> Item:
        """The item of a row.

        Raises:
            ValueRefused: It cannot be delivered; the message says why.
        """
        if row.status != RowStatus.DONE:
            raise ValueRefused("It has no result any more.")
        columns, cells = self._job.columns, row.original
        product_id = self.name(row)
        if len(product_id) > MAX_ID:
            raise ValueRefused(
                f"Its product id has {len(product_id)} characters; {MAX_ID} at most can be a key."
            )
        price, sign = parse_price(cells.get(columns.price, "") if columns.price else "")
        stated = cells.get(columns.currency, "").strip().upper()[:3] if columns.currency else ""
        title = cells.get(columns.title, "") if columns.title else ""
        return Item(
            row_no=row.row_no,
            product_id=product_id,
            title=storable(plain_text(title)) or product_id,
            price=None if price is None else float(price),
            currency=stated or sign,
            values=self._values(row.values),
        )

    def _values(self, found: Mapping[str, Value]) -> dict[str, Scalar | None]:
        values: dict[str, Scalar | None] = {}
        for column in self.columns:
            value = found.get(column.field)
            values[column.field] = None if value is None else _typed(column, value)
        return values


def _typed(column: ItemColumn, value: Value) -> Scalar:
    """A value as its column takes it; fields may have had another type for older rows."""
    given = value.value
    if column.kind is ValueKind.NUMBER:
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            return float(given)
    elif column.kind is ValueKind.BOOLEAN:
        if isinstance(given, bool):
            return given
    elif column.kind is ValueKind.LIST:
        return [storable(one) for one in given] if isinstance(given, list) else [value.text()]
    else:
        return storable(given if isinstance(given, str) else value.text())
    raise ValueRefused(f"“{value.text()}” in “{column.field}” is no {column.kind}.")
