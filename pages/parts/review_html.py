"""A row to be reviewed as HTML: its text with the values marked in it, and why they are doubted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from string import ascii_uppercase

from batch.columns import Columns
from batch.fields import FieldSet
from batch.grounding import ground
from batch.reviewed import Doubt, ReviewRow
from core.values import Origin, Value
from pages.parts.escape import html, one_line

HUES = 8
#: Longest cell that is shown, in characters.
CELL_CHARACTERS = 6_000
_LINE_CHARACTERS = 60
_SURE, _FAIRLY = 0.8, 0.5
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")
_BREAKING = frozenset(["p", "br", "li", "div", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "td"])


@dataclass(frozen=True, slots=True)
class Span:
    """Where a field's value stands in a cell."""

    start: int
    end: int
    field: int


def letter(number: int) -> str:
    """The sign of a field by its place: A to Z, then A2 and so on."""
    turn, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(turn + 1) if turn else "")


def name_html(number: int, name: str) -> str:
    """A field's letter and name."""
    return (
        f'<div class="sk-field"><span class="sk-letter sk-h{number % HUES}">{letter(number)}</span>'
        f"<span>{html(name)}</span></div>"
    )


def source_html(row: ReviewRow, columns: Columns, fields: FieldSet) -> str:
    """What the model read of a row, with the values marked where they stand."""
    cells = row.result.original
    spans = _spans(row.result.values, fields, cells, columns)
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
    return f'<mark class="sk-h{within[-1].field % HUES}">{text}{signs}</mark>'


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


def why_html(value: Value | None, doubts: Iterable[Doubt], refused: str = "") -> str:
    """Where a value comes from, how sure the model was, and why it is doubted."""
    lines = [f'<div class="sk-refused">✕ {html(refused)}</div>'] if refused else []
    lines += [_doubt(one) for one in doubts]
    told = _confidence(value) if value else ""
    lines.append(f'<div class="sk-from">{told}{html(origin(value))}</div>')
    return f'<div class="sk-why">{"".join(lines)}</div>'


def _doubt(doubt: Doubt) -> str:
    detail = f" <i>{html(one_line(doubt.detail, 120))}</i>" if doubt.detail else ""
    return f'<div class="sk-doubt">? {html(doubt.reason)}{detail}</div>'


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


def _confidence(value: Value) -> str:
    if value.confidence is None:
        return ""
    word = (
        "sure"
        if value.confidence >= _SURE
        else "fairly sure"
        if value.confidence >= _FAIRLY
        else "unsure"
    )
    low = " sk-low" if value.confidence < _FAIRLY else ""
    percent = f"{value.confidence:.0%}"
    return (
        f'<span class="sk-sure{low}" title="{percent} sure"><b style="width:{percent}"></b></span>'
        f"{word} · "
    )


def line_html(row: ReviewRow, fields: FieldSet, note: str = "") -> str:
    """A row in one line: its values, those that are doubted marked."""
    doubts = row.doubts()
    odd = {one.field: one.reason for one in doubts}
    parts = [*_values(row, fields, odd)]
    signs = '<span class="sk-done">✓ approved</span> ' if row.approved else ""
    whole = "".join(
        f'<span class="sk-doubt sk-whole">? {html(one.reason)}</span>'
        for one in doubts
        if one.field is None
    )
    said = f'<span class="sk-refused sk-whole">{html(note)}</span>' if note else ""
    return f'<div class="sk-line">{signs}{" · ".join(parts)}{whole}{said}</div>'


def _values(row: ReviewRow, fields: FieldSet, odd: Mapping[str | None, str]) -> Iterator[str]:
    for field in fields:
        value = row.result.values.get(field.name)
        if value is None and field.name not in odd:
            continue
        text = html(one_line(value.text(), _LINE_CHARACTERS)) if value else "–"
        if field.name in odd:
            title = html(odd[field.name])
            text = f'<span class="sk-odd" title="{title}">{text} <b>?</b></span>'
        yield f'<span class="sk-name">{html(field.name)}</span> {text}'
