"""Why a person should look at a row: its values beside its text, by rules that anyone can check.

Few and precise: a doubt that most rows have is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from batch.fields import Field, FieldType
from batch.flags import Flag
from batch.inputs import Input
from batch.numbers import SPELLED
from batch.prompt import system_text
from batch.words import words
from core.orders import orders_in
from core.values import Origin, Value

#: Below this confidence a value is doubted whose field is required: a blank would have failed
#: the row, so the model may have said something for the sake of it. What it was unsure of
#: elsewhere, reviewers see by the confidence itself.
REQUIRED_UNSURE_BELOW = 0.75
#: So many words of ours in a row are no chance.
OUR_WORDS = 6

REQUIRED_UNSURE = "Required, and the model was not certain"
SAME_AS_ANOTHER = "Same as another field"
STRANGE = "Looks like a link, code or an order"
REPEATS_US = "Repeats our question"
NEW_NUMBER = "States a number that the text does not"
NEW_NAME = "Names something that the text does not"
OTHER_CHOICE = "The text names another choice"
FROM_AN_ORDER = "Left out: it only stands in text that speaks to the model"
ORDERS = "The text speaks to the model"

_LINK_NAMES = ("url", "link", "website", "image", "html", "email")
_STRANGE = re.compile(
    r"https?://|www\.\w|</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>|&[a-z]+;|<\s?\||\{\s?[\"']|\w\(\)|"
    r"[\w.]+@\w+\.\w",
    re.IGNORECASE,
)
#: Names that stand out by their spelling: GORE-TEX, iPhone, ThermoLite, X200.
_NAME = re.compile(r"\b(?=\w*[A-Z])(?:\w*[a-z]\w*[A-Z]\w*|[A-Z]{3,}\w*|[A-Z]+\d+\w*)\b")
_SHORTEST_TWIN = 3


class _Text:
    """The words of a row, found only once they are asked for: most rows do without."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._cells = cells

    @cached_property
    def folds(self) -> frozenset[str]:
        """Its words and numbers, those that are spelled out in figures, too."""
        found = {word.fold for cell in self._cells for word in words(cell).all}
        return frozenset(found | {SPELLED[word] for word in found if word in SPELLED})

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of its words."""
        return frozenset(stem for cell in self._cells for stem in words(cell).stems)

    def has(self, text: str) -> bool:
        """Whether the same words stand in it."""
        return any(True for cell in self._cells for _ in words(cell).places(words(text)))


def doubts(item: Input, values: Mapping[str, Value], columns: Sequence[str]) -> tuple[Flag, ...]:
    """What is to be doubted about a row's values.

    Args:
        item: The row that was asked for.
        values: By field name, with their places.
        columns: Columns the model read.
    """
    text = _Text([item.row.get(column, "") for column in columns])
    ordering = _orders(item, columns)
    found: list[Flag] = [Flag(None, ORDERS, said) for said in _said(item, ordering)]
    for field in item.fields:
        value = values.get(field.name)
        if value is not None and value.origin is not Origin.HUMAN:
            found += _of_value(field, value, item, text)
            found += _from_order(field, value, ordering)
    return (*found, *_twins(item, values))


def _of_value(field: Field, value: Value, item: Input, text: _Text) -> Iterator[Flag]:
    yield from _unsure(field, value)
    if field.type is FieldType.CHOICE:
        yield from _other_choice(field, value, text)
    if field.type in (FieldType.TEXT, FieldType.LIST) and not field.choices:
        yield from _strange(field, value, item)
        if not field.copied:
            yield from _beyond(field, value, text)


def _unsure(field: Field, value: Value) -> Iterator[Flag]:
    sure = value.confidence
    if field.required and sure is not None and sure < REQUIRED_UNSURE_BELOW:
        yield Flag(field.name, REQUIRED_UNSURE, f"{sure:.0%}")


def _other_choice(field: Field, value: Value, text: _Text) -> Iterator[Flag]:
    """The chosen word is not in the text, and another allowed one is."""
    if value.origin is Origin.STATED:
        return
    named = [one for one in field.choices if text.stems.issuperset(words(one).stems)]
    if named and value.value not in named:
        yield Flag(field.name, OTHER_CHOICE, ", ".join(named))


def _strange(field: Field, value: Value, item: Input) -> Iterator[Flag]:
    text = value.text()
    may_link = any(name in field.name.casefold() for name in _LINK_NAMES)
    names = [one.name for one in item.fields]
    match = None if may_link else _STRANGE.search(text)
    if match or next(orders_in(text, names), None):
        yield Flag(field.name, STRANGE, text[:60])
    elif _ours(text, item):
        yield Flag(field.name, REPEATS_US, text[:60])


def _ours(text: str, item: Input) -> bool:
    """Whether a run of words is of the question, and not of the row."""
    whole = words(text)
    if len(whole.all) < OUR_WORDS:
        return False
    ours, theirs = words(system_text(item.fields)), words(item.text)
    starts, ends = list(whole.starts), list(whole.ends)
    # Only a run whose letters stand in the question is worth being taken apart anew.
    runs = (
        words(text[whole.all[at].start : whole.all[at + OUR_WORDS - 1].end])
        for at in range(len(whole.all) - OUR_WORDS + 1)
        if whole.compact[starts[at] : ends[at + OUR_WORDS - 1]] in ours.compact
    )
    return any(any(ours.places(run)) and not any(theirs.places(run)) for run in runs)


def _beyond(field: Field, value: Value, text: _Text) -> Iterator[Flag]:
    """Numbers and names of a written text that are not of the row."""
    numbers = [
        word.fold
        for word in words(value.text()).all
        if word.is_number and word.fold not in text.folds
    ]
    if numbers:
        yield Flag(field.name, NEW_NUMBER, ", ".join(numbers))
    names = (match[0] for match in _NAME.finditer(value.text()))
    new = [name for name in names if not text.has(name)]
    if new and not value.text().isupper():
        yield Flag(field.name, NEW_NAME, ", ".join(new))


def _orders(item: Input, columns: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    """The passages that speak to the model, by column."""
    names = [one.name for one in item.fields]
    found = {column: list(orders_in(item.row.get(column, ""), names)) for column in columns}
    return {column: spans for column, spans in found.items() if spans}


def _said(item: Input, ordering: Mapping[str, list[tuple[int, int]]]) -> Iterator[str]:
    """What the first of these passages says; nothing where there is none."""
    for column, spans in ordering.items():
        start, end = spans[0]
        yield " ".join(item.row[column][start : min(end, start + 60)].split())
        return


def _from_order(
    field: Field, value: Value, ordering: Mapping[str, list[tuple[int, int]]]
) -> Iterator[Flag]:
    """A value that is an order's own words."""
    start, end = value.start, value.end
    spans = ordering.get(value.column or "", [])
    if start is None or end is None:
        return
    if any(first <= start and end <= last for first, last in spans):
        yield Flag(field.name, FROM_AN_ORDER, value.text()[:60])


def _twins(item: Input, values: Mapping[str, Value]) -> Iterator[Flag]:
    """Two copied fields with the very same value: one of them is likely not it."""
    seen: dict[str, str] = {}
    for field in item.fields:
        value = values.get(field.name)
        if value is None or not field.copied or not isinstance(value.value, str):
            continue
        text = value.value.casefold()
        first = seen.setdefault(text, field.name)
        if first != field.name and len(text) >= _SHORTEST_TWIN:
            yield Flag(field.name, SAME_AS_ANOTHER, f"{first}: {value.value}")
