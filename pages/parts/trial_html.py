"""A tried row as HTML: the source on the left, the values on the right."""

from __future__ import annotations

from batch.extract import Outcome
from batch.fields import FieldSet
from core.schema import RowStatus
from core.values import Origin, Value
from pages.parts.escape import html, one_line

SOURCE_CHARACTERS = 700


def source_html(row_no: int, text: str) -> str:
    """What the model reads of a row."""
    shown = text if len(text) <= SOURCE_CHARACTERS else f"{text[:SOURCE_CHARACTERS]}…"
    return (
        f'<div class="sk-row"><div class="sk-quiet">Row {row_no}</div>'
        f'<div class="sk-source">{html(shown)}</div></div>'
    )


def outcome_html(outcome: Outcome, fields: FieldSet) -> str:
    """What came out of a row, a line a field; or why nothing did."""
    took = f'<div class="sk-quiet">{outcome.total_ms / 1000:.1f} s</div>'
    if outcome.status is RowStatus.FAILED:
        return f'{took}<div class="sk-failed">✕ {html(outcome.error)}</div>'
    lines = "".join(_line(field.name, outcome.values.get(field.name)) for field in fields)
    notes = "".join(f'<div class="sk-quiet">{html(note)}</div>' for note in outcome.notes)
    return f'{took}<dl class="sk-values">{lines}</dl>{notes}'


def _line(name: str, value: Value | None) -> str:
    if value is None:
        return f'<dt>{html(name)}</dt><dd class="sk-none">–</dd>'
    stated = value.origin is Origin.STATED
    mark = (
        ""
        if stated
        else '<span class="sk-inferred" title="Not written like this in the row">concluded</span>'
    )
    return f"<dt>{html(name)}</dt><dd>{html(one_line(value.text(), 160))}{mark}</dd>"
