"""Results as JSON lines, for programs."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from typing import Any

import orjson

from batch.results import ResultRow


def jsonl_lines(rows: Iterable[ResultRow]) -> Generator[bytes, None, None]:
    """One JSON object a row: original cells, typed values, and where each came from."""
    for row in rows:
        shown = _json_row(row)
        try:
            yield orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            # Half of a surrogate pair, which UTF-8 has no form for: it is written escaped.
            yield json.dumps(shown).encode() + b"\n"


def _json_row(row: ResultRow) -> dict[str, Any]:
    parts = {name: value.to_json() for name, value in row.values.items()}
    shown: dict[str, Any] = {"row": row.row_no, "status": row.status}
    if row.error:
        shown["error"] = row.error
    if row.notes:
        shown["notes"] = row.notes
    if row.review:
        shown["review"] = row.review
    if row.flags:
        shown["flags"] = [flag.to_json() for flag in row.flags]
    return shown | {
        "original": dict(row.original),
        "values": {name: part.pop("value") for name, part in parts.items()},
        "sources": parts,
    }
