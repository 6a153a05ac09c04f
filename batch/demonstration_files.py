"""Demonstrations as files: JSON lines in our own form, or in that of published data sets.

Ours: ``{"text": …, "product_type": …, "answer": {field: value or null}}``. Theirs, as of
OA-Mine: ``{"input": …, "category": …, "target_scores": {field: {value: 1}}}``, where a field
that others of the category have, and this product has not, has no value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from batch.demonstrations import AT_ONCE, THERE, Product, add
from core.db import Database
from core.errors import CatalogError
from core.review_tables import demonstrations

#: How published data sets write that there is no value.
_NOTHING = "n/a"
_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file.

    Attributes:
        read: Products in it.
        added: Of them, those that are new or have changed.
        approved: Those that were approved here, which stand.
        held_back: Of all that were read, those that the model is measured by.
    """

    read: int = 0
    added: int = 0
    approved: int = 0
    held_back: int = 0

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            self.read + other.read,
            self.added + other.added,
            self.approved + other.approved,
            self.held_back + other.held_back,
        )


def import_file(db: Database, path: Path) -> Imported:
    """Take the products of a file as demonstrations.

    Again with the same file it changes nothing.

    Raises:
        CatalogError: It cannot be read, or a line is no demonstration; nothing is taken then.
    """
    products = list({one.key: one for one in read_file(path)}.values())
    taken = Imported()
    for at in range(0, len(products), AT_ONCE):
        taken += _take(db, products[at : at + AT_ONCE])
    return taken


def _take(db: Database, products: Sequence[Product]) -> Imported:
    table = demonstrations.c
    there = sa.select(table.text_key, table.answer, table.job_id)
    keys = [product.key for product in products]
    with db.write() as connection:
        found = connection.execute(there.where(THERE, table.text_key.in_(keys))).all()
        known = {row.text_key: row for row in found}
        approved = {key for key, row in known.items() if row.job_id is not None}
        new = [
            one
            for one in products
            if one.key not in approved
            and (one.key not in known or known[one.key].answer != one.answer)
        ]
        add(connection, new)
    held_back = sum(one.held_back for one in products)
    return Imported(len(products), len(new), len(approved), held_back)


def read_file(path: Path) -> list[Product]:
    """The products of a file.

    Raises:
        CatalogError: It cannot be read, or a line is no demonstration; the message names it.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    items = [
        _parsed(f"{path.name}, line {number}", line)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not items:
        raise CatalogError(f"{path.name} has no examples: it needs one JSON object a line.")
    fields = _published_fields(items)
    return [_product(item, fields) for item in items]


def _parsed(where: str, line: bytes) -> dict[str, Any]:
    """A line that has what a demonstration needs."""
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CatalogError(f"{where} is not JSON: {error}.") from error
    if not isinstance(item, dict):
        raise CatalogError(f"{where} must be a JSON object.")
    if not _text(item):
        raise CatalogError(f"{where} has no “text” (or “input”): the product as it is read.")
    if not isinstance(item.get("target_scores"), dict):
        _check_answer(where, item.get("answer"))
    return item


def _check_answer(where: str, answer: Any) -> None:
    if not isinstance(answer, dict) or not answer:
        raise CatalogError(f"{where} has no “answer” (or “target_scores”) with the right values.")
    for name, value in answer.items():
        if not (value is None or isinstance(value, _SCALARS) or _is_texts(value)):
            raise CatalogError(
                f"{where}: the value of “{name}” must be a text, a number, true, false, null "
                "or a list of texts."
            )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _accepted(given: Any) -> str | None:
    """The first of the accepted values; None where the product has none."""
    first = str(next(iter(given), _NOTHING)) if isinstance(given, dict) else str(given)
    return None if first.casefold() == _NOTHING else first


def _text(item: Mapping[str, Any]) -> str:
    text = item.get("text", item.get("input"))
    return text.strip() if isinstance(text, str) else ""


def _type(item: Mapping[str, Any]) -> str:
    return str(item.get("product_type", item.get("category")) or "").strip()


def _published_fields(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, None]]:
    """The fields of each category, in the form of published data sets, without a value."""
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for item in items:
        if isinstance(item.get("target_scores"), dict):
            names[_type(item)] |= dict.fromkeys(item["target_scores"])
    return names


def _product(item: Mapping[str, Any], fields: Mapping[str, Mapping[str, None]]) -> Product:
    scores = item.get("target_scores")
    if isinstance(scores, dict):
        found = {name: _accepted(given) for name, given in scores.items()}
        return Product(_text(item), _type(item), {**fields[_type(item)], **found})
    return Product(
        _text(item), _type(item), item["answer"], enabled=item.get("enabled", True) is True
    )


def export(db: Database) -> Iterator[bytes]:
    """All demonstrations, a line each, as :func:`import_file` reads them."""
    last = ""
    while True:
        table = demonstrations.c
        query = demonstrations.select().where(THERE, table.id > last)
        with db.read() as connection:
            found = connection.execute(query.order_by(table.id).limit(AT_ONCE)).mappings().all()
        if not found:
            return
        for row in found:
            parts = {name: row[name] for name in ("text", "product_type", "answer")}
            off = {} if row["enabled"] else {"enabled": False}
            yield orjson.dumps(parts | off, option=orjson.OPT_APPEND_NEWLINE)
        last = found[-1]["id"]
