"""Results as Parquet: typed columns, for programs that analyse them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from batch.blocks import Block
from batch.drain import Drain
from batch.fields import FieldType
from batch.flags import Flag
from batch.layout import ROW_PARTS, Layout, said
from core.storable import storable

#: A group of rows is written once it is so large: readers like large ones, our memory does not.
GROUP_BYTES = 16 << 20
GROUP_ROWS = 50_000
#: Where a value came from; ``start`` counts from 0, ``end`` is one past the last character.
PROVENANCE = pa.struct(
    [
        ("origin", pa.string()),
        ("column", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("raw", pa.string()),
        ("confidence", pa.float64()),
    ]
)
_TYPES = {
    FieldType.NUMBER: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.LIST: pa.list_(pa.string()),
}


def parquet_pieces(layout: Layout, blocks: Iterable[Block]) -> Generator[bytes, None, None]:
    """A Parquet file, a group of rows after the other.

    The catalog's cells are strings, numbers double, lists lists; what a row does
    not have is null. With provenance, each field has a column of structs beside it.
    """
    drain, schema = Drain(), _schema(layout)
    writer = pq.ParquetWriter(drain, schema, compression="zstd")
    pending: list[pa.Table] = []
    for block in blocks:
        pending.append(_table(layout, schema, block))
        rows, size = sum(one.num_rows for one in pending), sum(one.nbytes for one in pending)
        if rows >= GROUP_ROWS or size >= GROUP_BYTES:
            _write(writer, pending)
            yield drain.take()
    _write(writer, pending)
    writer.close()
    yield drain.take()


def _write(writer: pq.ParquetWriter, pending: list[pa.Table]) -> None:
    if pending:
        writer.write_table(pa.concat_tables(pending))
        pending.clear()


def _schema(layout: Layout) -> pa.Schema:
    columns = [(name, pa.large_string()) for name in layout.columns]
    for field, name in zip(layout.fields, layout.added.values(), strict=True):
        columns.append((name, _TYPES.get(field.type, pa.string())))
    if layout.provenance:
        columns += [(name, pa.string()) for name in layout.row_parts.values()]
        columns += [(names[0], PROVENANCE) for names in layout.field_parts.values()]
    return pa.schema(columns)


def _table(layout: Layout, schema: pa.Schema, block: Block) -> pa.Table:
    values = block.values()
    arrays: list[Any] = list(block.originals.columns)
    for field in layout.fields:
        parts = [row.get(field.name) for row in values]
        arrays.append(_array(parts, field.type))
    if layout.provenance:
        arrays += _row_parts(block)
        arrays += [_provenance([row.get(field.name) for row in values]) for field in layout.fields]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(parts: list[Mapping[str, Any] | None], kind: FieldType) -> pa.Array:
    fit = _FITS.get(kind, _text)
    cells = [None if part is None else fit(part["value"]) for part in parts]
    return pa.array(cells, _TYPES.get(kind, pa.string()))


def _row_parts(block: Block) -> list[pa.Array]:
    rows = [
        ("waiting", "", "")
        if one is None
        else (one["status"], one["review"], said(map(Flag.from_json, one["flags"])))
        for one in block.stored
    ]
    columns = zip(*rows, strict=True) if rows else [[] for _ in ROW_PARTS]
    return [pa.array(list(map(_text, column)), pa.string()) for column in columns]


def _provenance(parts: list[Mapping[str, Any] | None]) -> pa.Array:
    structs = [
        None
        if part is None
        else {
            "origin": part.get("origin", "inferred"),
            "column": _maybe(part.get("column")),
            "start": part.get("start"),
            "end": part.get("end"),
            "raw": _maybe(part.get("raw")),
            "confidence": part.get("confidence"),
        }
        for part in parts
    ]
    return pa.array(structs, PROVENANCE)


def _text(value: Any) -> str:
    """The value as text; one that an earlier version of the fields had as a list, joined."""
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return storable(text)


def _maybe(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _list(value: Any) -> list[str]:
    return [storable(str(item)) for item in (value if isinstance(value, list) else [value])]


_FITS: dict[FieldType, Any] = {
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _truth,
    FieldType.LIST: _list,
}
