"""A tried row as HTML: the source on the left, the values on the right."""

from __future__ import annotations

from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import FieldSet
from batch.flags import Flag
from batch.inputs import Input
from core.statuses import RowStatus
from core.values import Value
from pages.parts import words
from pages.parts.escape import html, one_line
from pages.parts.marked_text import confidence_html, letter, letter_html, origin, read_html

_CHARACTERS = 160


def card_html(item: Input, columns: Columns, outcome: Outcome | None, right: str) -> str:
    """A row's card.

    Args:
        item: The row.
        columns: What is read of it.
        outcome: What came of it, so far.
        right: What stands beside its text.
    """
    values = outcome.values if outcome else {}
    kind = f" · {html(item.product_type)}" if item.product_type else ""
    return (
        '<div class="sk-tried"><div>'
        f'<div class="sk-quiet">Row {item.row_no:,}{kind}</div>'
        f"{read_html(item.row, columns, values, item.fields)}</div><div>{right}</div></div>"
    )


def outcome_html(outcome: Outcome, fields: FieldSet, before: Outcome | None = None) -> str:
    """What came out of a row, a line a field, beside what came before; or why nothing did."""
    took = f'<div class="sk-quiet">{html(took_words(outcome))}</div>'
    if outcome.status is RowStatus.FAILED:
        return f'<div class="sk-failed">✕ {html(outcome.error)}</div>{took}'
    lines = "".join(
        _line(number, field.name, outcome, before) for number, field in enumerate(fields)
    )
    whole = "".join(_flag(one) for one in outcome.flags if one.field is None)
    notes = "".join(f'<div class="sk-quiet">{html(note)}</div>' for note in outcome.notes)
    return f'<div class="sk-values" role="list">{lines}</div>{whole}{notes}{took}'


def took_words(outcome: Outcome) -> str:
    """Time and tokens of a row."""
    tokens = outcome.tokens
    parts = [words.waited(outcome.total_ms)]
    if tokens.prompt or tokens.completion:
        parts.append(f"{tokens.prompt:,} tokens read, {tokens.completion:,} written")
    if outcome.attempts > 1:
        parts.append(f"{outcome.attempts} tries")
    return " · ".join(parts)


def changes(outcome: Outcome, before: Outcome | None) -> set[str]:
    """The fields whose value is another than the last time."""
    if before is None or RowStatus.FAILED in (outcome.status, before.status):
        return set()
    names = outcome.values.keys() | before.values.keys()
    return {name for name in names if _text(outcome, name) != _text(before, name)}


def _text(outcome: Outcome, name: str) -> str | None:
    value = outcome.values.get(name)
    return value.text() if value else None


def _line(number: int, name: str, outcome: Outcome, before: Outcome | None) -> str:
    value = outcome.values.get(name)
    shown = _shown(value)
    if name in changes(outcome, before) and before is not None:
        old = html(one_line(_text(before, name) or "–", _CHARACTERS))
        shown = f'<del title="The last time">{old}</del> <b class="sk-new">→ {shown}</b>'
    flags = "".join(_flag(one) for one in outcome.flags if one.field == name)
    said = f"{name}: {value.text() if value else 'no value'}"
    where = "" if value is None else f"{confidence_html(value)}{html(origin(value))}"
    return (
        f'<div class="sk-value" role="listitem" tabindex="0" data-value="{letter(number)}" '
        f'aria-label="{html(said)}">{letter_html(number)}<span class="sk-name">{html(name)}</span>'
        f'<span class="sk-what">{shown}<span class="sk-from">{where}</span>{flags}</span></div>'
    )


def _shown(value: Value | None) -> str:
    if value is None:
        return '<span class="sk-none">–</span>'
    return html(one_line(value.text(), _CHARACTERS))


def _flag(flag: Flag) -> str:
    detail = f" <i>{html(one_line(flag.detail, 120))}</i>" if flag.detail else ""
    return f'<span class="sk-doubt">? {html(flag.reason)}{detail}</span>'
