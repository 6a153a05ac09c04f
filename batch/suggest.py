"""Fields to suggest for a catalog: what a model sees in a few products, and what counting tells.

Guesses, every one of them found in the sample; a person takes what is wanted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batch import suggest_texts, uploads
from batch.columns import Columns
from batch.field_keys import MAX_NAME
from batch.field_words import meaning, same_name
from batch.fields import Field, FieldSet
from batch.plan import Plan
from batch.suggest_field import made_field
from batch.suggest_model import LIMIT_S, Reading, read_products
from batch.uploads import Upload
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import ModelError, ServiceError, SettingError
from core.settings import Settings

log = logging.getLogger(__name__)

#: Products that counting looks at, and those of them that the model reads.
COUNTED, READ = 500, 6
#: Rows that are looked through for enough products of one type.
SEARCHED = 4000
MAX_SUGGESTIONS = 12
SHOWN_VALUES = 3
#: A property is one of the catalog's where this share of the products states it, and two at least.
LEAST_SHARE = 0.08
MAX_WORDS = 3
_NO_PROPERTIES = """
    title name product description text price cost currency stock quantity id sku number code image
    url link website property properties value feature features item note notes other details detail
    specification specifications information shop store
"""
_NO_PROPERTY = frozenset(meaning(" ".join(_NO_PROPERTIES.split())))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A field that a person may want.

    Attributes:
        found: In how many products its values were seen.
        looked: In how many of them they were looked for.
        values: Some of them, the commonest first.
    """

    field: Field
    found: int
    looked: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What came of looking.

    Attributes:
        problem: Why the model has contributed nothing, if so; what counting tells is there.
    """

    found: tuple[Suggestion, ...]
    problem: str = ""


@dataclass(slots=True)
class _Property:
    """What was seen of one property."""

    looked: int
    names: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    products: set[int] = field(default_factory=set)

    @property
    def share(self) -> float:
        return len(self.products) / self.looked


_Seen = dict[tuple[str, ...], _Property]


def sample(
    settings: Settings, upload: Upload, plan: Plan, product_type: str = ""
) -> list[dict[str, str]]:
    """Products to look at: those of a type, or those of all types without their own fields."""
    rows = uploads.preview(settings, upload, SEARCHED if plan.by else COUNTED)
    if plan.by is not None:
        wanted = plan.of_type(product_type)
        rows = [row for row in rows if plan.of_type(row.get(plan.by, "").strip()) is wanted]
    return rows[:COUNTED]


def suggest(
    db: Database,
    lane: ChatLane,
    columns: Columns,
    rows: Sequence[Mapping[str, str]],
    names: Sequence[str],
    existing: FieldSet,
    progress: Callable[[int, int], None] | None = None,
) -> Suggestions:
    """Suggest fields for products like these.

    Args:
        columns: What is read of each row.
        rows: The sample.
        names: All columns of the catalog.
        existing: Fields that are there already; nothing like them is suggested.
        progress: Told products read by the model and products to read.
    """
    counted = _counted(columns, rows, names)
    read, problem = _read(db, lane, columns, _spread(rows), progress or (lambda _done, _all: None))
    merged = counted | {key: one for key, one in read.items() if key not in counted}
    ranked = sorted(merged.values(), key=lambda one: -one.share)
    fields: list[Suggestion] = []
    for one in ranked:
        made = _suggestion(one)
        others = [*existing, *(other.field for other in fields)]
        if not any(same_name(made.field.name, other.name) for other in others):
            fields.append(made)
    return Suggestions(tuple(fields[:MAX_SUGGESTIONS]), problem)


def _spread(rows: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """Some rows from all over the sample: neighbours are often alike."""
    count = min(READ, len(rows))
    return [rows[place * len(rows) // count] for place in range(count)]


def _counted(columns: Columns, rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> _Seen:
    seen: _Seen = {}
    for number, row in enumerate(rows):
        _note(seen, len(rows), number, suggest_texts.pairs(row, columns))
    for name, cells in suggest_texts.gaps(rows, columns, names).items():
        for number, cell in enumerate(cells):
            _note(seen, len(rows), number, [(name, cell)])
    return _common(seen)


def _read(
    db: Database,
    lane: ChatLane,
    columns: Columns,
    rows: Sequence[Mapping[str, str]],
    progress: Callable[[int, int], None],
) -> tuple[_Seen, str]:
    """What the model sees, and why that is nothing, if so."""
    seen: _Seen = {}
    readings: list[Reading] = []
    progress(0, len(rows))
    try:
        for reading in read_products(db, lane, columns, rows):
            readings.append(reading)
            progress(len(readings), len(rows))
            _note(seen, len(rows), len(readings), reading.pairs)
    except (ModelError, ServiceError, SettingError) as error:
        log.warning("no suggestions of the model: %s", error)
        return _common(seen), error.message
    return _common(seen), _problem(rows, readings)


def _problem(rows: Sequence[Mapping[str, str]], readings: Sequence[Reading]) -> str:
    """Why the model has contributed nothing; empty where it has."""
    if not rows or any(reading.pairs for reading in readings):
        return ""
    late = f"It took longer than {LIMIT_S:.0f} seconds; the machine may be busy."
    return next((one.problem for one in readings), late)


def _note(seen: _Seen, looked: int, number: int, pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        words = meaning(name)
        if not words or len(words) > MAX_WORDS or set(words) & _NO_PROPERTY:
            continue
        if same_name(name, value) or len(name) > MAX_NAME:
            continue
        one = seen.setdefault(tuple(sorted(words)), _Property(looked))
        one.names[" ".join(name.split())] += 1
        one.values[value] += 1
        one.products.add(number)


def _common(seen: _Seen) -> _Seen:
    return {
        key: one
        for key, one in seen.items()
        if len(one.products) >= max(2, LEAST_SHARE * one.looked)
    }


def _suggestion(one: _Property) -> Suggestion:
    values = [value for value, _ in one.values.most_common()]
    made = made_field(one.names.most_common(1)[0][0], values)
    return Suggestion(made, len(one.products), one.looked, tuple(values[:SHOWN_VALUES]))
