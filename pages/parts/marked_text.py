"""Words with values marked in them: a letter and a colour for each field, in step everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from string import ascii_uppercase

from batch.columns import Columns
from batch.fields import FieldSet
from batch.grounding import ground
from core.values import Origin, Value
from pages.parts.escape import html, one_line

HUES = 8
#: Longest cell that is shown, in characters.
CELL_CHARACTERS = 6_000
_SURE, _FAIRLY = 0.8, 0.5
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")
_BREAKING = frozenset(["p", "br", "li", "div", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "td"])


@dataclass(frozen=True, slots=True)
class Span:
    """Where a field's value stands in a cell; fields are numbered from 0."""

    start: int
    end: int
    field: int


def letter(number: int) -> str:
    """The sign of a field by its place: A to Z, then A2 and so on."""
    turn, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(turn + 1) if turn else "")


def letter_html(number: int) -> str:
    """The sign in the field's colour."""
    return f'<span class="sk-letter sk-h{number % HUES}">{letter(number)}</span>'


def read_html(
    cells: Mapping[str, str], columns: Columns, values: Mapping[str, Value], fields: FieldSet
) -> str:
    """What the model read of a row, with the values marked where they stand."""
    spans = _spans(values, fields, cells, columns)
    shown = [one for one in columns.text if cells.get(one, "").strip()]
    parts = [
        f"<h4>{html(column)}</h4><p>{marked(cells[column], spans.get(column, []))}</p>"
        for column in shown
    ]
    return f'<div class="sk-read">{"".join(parts) or "<p>This row has no text.</p>"}</div>'


def _spans(
    values: Mapping[str, Value], fields: FieldSet, cells: Mapping[str, str], columns: Columns
) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for number, field in enumerate(fields):
        value = values.get(field.name)
        if value is not None and value.origin is Origin.HUMAN:
            # A person's value has no place of its own, but may well stand there.
            value = ground(value.value, cells, columns.text)
        if value and value.column and value.start is not None and value.end is not None:
            found.setdefault(value.column, []).append(Span(value.start, value.end, number))
    return found


def marked(cell: str, spans: Sequence[Span]) -> str:
    """A cell's words without its HTML, with marks around spans; they may overlap."""
    cell = cell[:CELL_CHARACTERS]
    edges = sorted({0, len(cell), *(edge for one in spans for edge in (one.start, one.end))})
    tags = [(match.start(), match.end(), match[1].lower()) for match in _TAG.finditer(cell)]
    parts = []
    for start, end in pairwise(edges):
        within = [one for one in spans if one.start <= start and end <= one.end]
        text = html(_words(cell, start, end, tags))
        ended = [one for one in within if one.end == end]
        parts.append(_mark(text, within, ended) if within else text)
    more = "…" if len(cell) == CELL_CHARACTERS else ""
    return "".join(parts).strip() + more


def _mark(text: str, within: Sequence[Span], ended: Sequence[Span]) -> str:
    signs = "".join(f"<sup>{letter(one.field)}</sup>" for one in ended)
    fields = " ".join(letter(one.field) for one in within)
    hue = within[-1].field % HUES
    return f'<mark class="sk-h{hue}" data-field="{fields}">{text}{signs}</mark>'


def _words(cell: str, start: int, end: int, tags: Sequence[tuple[int, int, str]]) -> str:
    """The words between two places; a tag that breaks a line is a line's end."""
    parts, at = [], start
    for first, last, name in tags:
        if last <= start or first >= end:
            continue
        parts.append(cell[at : max(at, first)])
        parts.append("\n" if name in _BREAKING and first >= start else "")
        at = max(at, min(last, end))
    parts.append(cell[at:end])
    return re.sub(r"\n\s*\n+", "\n", unescape("".join(parts)))


def linking_css(count: int) -> str:
    """Rules that show a mark more strongly while its value is pointed at, touched or focused."""
    rules = []
    for number in range(count):
        name = letter(number)
        value = f'[data-value="{name}"]'
        rules.append(
            f".sk-tried:has({value}:hover, {value}:focus) mark[data-field~='{name}'] "
            "{ outline: 2px solid var(--h); --strength: 55%; }"
        )
    return "\n".join(rules)


def origin(value: Value | None) -> str:
    """Where a value comes from, in words."""
    if value is None:
        return "no value"
    if value.origin is Origin.HUMAN:
        return "by a person"
    if value.column:
        as_written = f", written “{one_line(value.raw, 40)}”" if value.raw else ""
        return f"in {value.column}{as_written}"
    return "concluded, not written there"


def confidence_html(value: Value) -> str:
    """How sure the model was, as a small bar and in words; empty where nobody told."""
    if value.confidence is None:
        return ""
    fairly = "fairly sure" if value.confidence >= _FAIRLY else "unsure"
    word = "sure" if value.confidence >= _SURE else fairly
    low = " sk-low" if value.confidence < _FAIRLY else ""
    percent = f"{value.confidence:.0%}"
    return (
        f'<span class="sk-sure{low}" title="{percent} sure"><b style="width:{percent}"></b></span>'
        f"{word} · "
    )
