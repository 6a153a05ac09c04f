"""A row to be reviewed as HTML: why its values are doubted, and the whole row in a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from batch.fields import FieldSet
from batch.reviewed import Doubt, ReviewRow
from core.values import Value
from pages.parts.escape import html, one_line
from pages.parts.marked_text import confidence_html, letter_html, origin

_LINE_CHARACTERS = 60


def name_html(number: int, name: str) -> str:
    """A field's letter and name."""
    return f'<div class="sk-field">{letter_html(number)}<span>{html(name)}</span></div>'


def why_html(value: Value | None, doubts: Iterable[Doubt], refused: str = "") -> str:
    """Where a value comes from, how sure the model was, and why it is doubted."""
    lines = [f'<div class="sk-refused">✕ {html(refused)}</div>'] if refused else []
    lines += [_doubt(one) for one in doubts]
    told = confidence_html(value) if value else ""
    lines.append(f'<div class="sk-from">{told}{html(origin(value))}</div>')
    return f'<div class="sk-why">{"".join(lines)}</div>'


def _doubt(doubt: Doubt) -> str:
    detail = f" <i>{html(one_line(doubt.detail, 120))}</i>" if doubt.detail else ""
    return f'<div class="sk-doubt">? {html(doubt.reason)}{detail}</div>'


def line_html(row: ReviewRow, fields: FieldSet) -> str:
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
    return f'<div class="sk-line">{signs}{" · ".join(parts)}{whole}</div>'


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
