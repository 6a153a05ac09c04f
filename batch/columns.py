"""Which column of a catalog holds what: guessed first, then chosen by a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from batch.cells import parse_price, plain_text
from batch.synonyms import SYNONYMS
from core.errors import CatalogError

MAX_TEXT_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Columns:
    """The part each column of a catalog plays; None where no column plays it.

    Attributes:
        text: The columns the model reads, in order.
    """

    id: str | None = None
    title: str | None = None
    description: str | None = None
    price: str | None = None
    currency: str | None = None
    stock: str | None = None
    department: str | None = None
    image: str | None = None
    url: str | None = None
    text: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form stored in the database."""
        return asdict(self) | {"text": list(self.text)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Columns:
        """Rebuild from :meth:`to_json`; absent parts are None."""
        known = {field.name for field in fields(cls)}
        parts = {name: part for name, part in stored.items() if name in known}
        return cls(**parts | {"text": tuple(stored.get("text", ()))})

    def roles(self) -> dict[str, str]:
        """Role to column name, only the roles that are played, without ``text``."""
        return {role: column for role in SYNONYMS if (column := getattr(self, role)) is not None}


def check_columns(columns: Columns, available: Iterable[str]) -> None:
    """See that every chosen column is there.

    Raises:
        CatalogError: One is not; the message names it and what there is.
    """
    present = tuple(available)
    for chosen in (*columns.roles().values(), *columns.text):
        if chosen not in present:
            there = ", ".join(f"“{name}”" for name in present)
            raise CatalogError(
                f"There is no column “{chosen}” in this file. Its columns are {there}.",
                column=chosen,
            )


def guess_columns(columns: Sequence[str], sample_rows: Sequence[Mapping[str, str]]) -> Columns:
    """Guess what each column holds, from its name first and its cells second.

    Args:
        columns: Names in file order.
        sample_rows: Some rows, the first hundred or so.
    """
    cells = {
        column: [cell for row in sample_rows if (cell := row.get(column, "").strip())]
        for column in columns
    }
    found = _by_name(columns, cells)
    _add_by_content(found, columns, cells, len(sample_rows))
    return Columns(**found, text=_readable(found, columns, cells))


def _by_name(columns: Sequence[str], cells: Mapping[str, list[str]]) -> dict[str, str]:
    """Exact names for every role first, so that "Type" never beats "Product type"."""
    found: dict[str, str] = {}
    names = {column: _letters(column) for column in columns}
    for matches in (_is_name, _ends_with_name):
        for role, synonyms in SYNONYMS.items():
            if role in found:
                continue
            ranked = [
                column
                for synonym in synonyms.split()
                for column in columns
                if column not in found.values() and matches(names[column], synonym)
            ]
            fitting = [column for column in ranked if _fits(role, cells[column])]
            if fitting:
                found[role] = fitting[0]
    return found


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def _is_name(name: str, synonym: str) -> bool:
    return name == synonym


def _ends_with_name(name: str, synonym: str) -> bool:
    # Short ones end too many other names: "paid", "Image alt text", "Brand name".
    return len(synonym) > 4 and name.endswith(synonym)


def _fits(role: str, cells: list[str]) -> bool:
    """Whether the cells could play that role; an empty column may."""
    if not cells:
        return True
    if role == "price":
        return _share(cells, _is_amount) > 0.5
    if role in ("image", "url"):
        return _share(cells, _is_link) > 0.5
    if role == "id":
        return len(set(cells)) > len(cells) * 0.9 and _mean_length(cells) < 60
    if role in ("title", "description"):
        return _share(cells, _has_words) > 0.5
    return True


def _add_by_content(
    found: dict[str, str], columns: Sequence[str], cells: Mapping[str, list[str]], rows: int
) -> None:
    """Fill in id, title and description where no name gave them away."""

    def free(column: str) -> bool:
        return column not in found.values() and bool(cells[column])

    wordy = [name for name in columns if free(name) and _share(cells[name], _has_words) > 0.5]
    if "description" not in found and wordy:
        longest = max(wordy, key=lambda name: _mean_length(cells[name]))
        if _mean_length(cells[longest]) > 80:
            found["description"] = longest
    if "title" not in found:
        short = [name for name in wordy if free(name) and _mean_length(cells[name]) <= 150]
        distinct = [name for name in short if len(set(cells[name])) > rows * 0.7]
        if distinct or short:
            found["title"] = (distinct or short)[0]
    if "id" not in found and rows > 1:
        unique = (name for name in columns if free(name) and _is_unique(cells[name], rows))
        if (first := next(unique, None)) is not None:
            found["id"] = first


def _readable(
    found: Mapping[str, str], columns: Sequence[str], cells: Mapping[str, list[str]]
) -> tuple[str, ...]:
    """What the model should read: title and description first, then other words."""
    leading = [found[role] for role in ("title", "description", "department") if role in found]
    others = [
        name
        for name in columns
        if name not in found.values()
        and not any(_letters(name) == synonym for synonym in SYNONYMS["id"].split())
        and _share(cells[name], _has_words) > 0.5
        and len(set(cells[name])) > 1
    ]
    readable = tuple(leading + others)[:MAX_TEXT_COLUMNS]
    return readable or tuple(columns[:1])


def _is_unique(cells: list[str], rows: int) -> bool:
    one_word = all(" " not in cell for cell in cells)
    return one_word and len(set(cells)) == rows and _mean_length(cells) < 60


def _share(cells: list[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, cells)) / len(cells) if cells else 0.0


def _mean_length(cells: list[str]) -> float:
    return sum(map(len, cells)) / len(cells) if cells else 0.0


def _is_amount(cell: str) -> bool:
    return len(cell) < 30 and parse_price(cell)[0] is not None


def _is_link(cell: str) -> bool:
    return re.match(r"(https?:)?//|[\w./-]+\.(jpe?g|png|webp|gif|avif)\b", cell, re.I) is not None


def _has_words(cell: str) -> bool:
    return not _is_link(cell) and re.search(r"[^\W\d_]{3}", plain_text(cell)) is not None
