"""Products side by side as a table, in which differences can be seen."""

from __future__ import annotations

from collections.abc import Sequence

from pages.parts.cards import field_name, source_number
from pages.parts.escape import html
from pages.parts.sources import source_key
from rag.exchange import Comparison, Passage

_UNKNOWN = '<span class="sk-unknown" title="The shop does not say">–</span>'


def comparison_html(
    comparison: Comparison, passages: Sequence[Passage], message_id: str = ""
) -> str:
    """The table: a column for each product, a row for each fact."""
    by_number = {passage.number: passage for passage in passages}
    columns = [at for at, number in enumerate(comparison.numbers) if number in by_number]
    if not columns:
        return ""
    heads = "".join(_head(by_number[comparison.numbers[at]], message_id) for at in columns)
    rows = "".join(
        _row(name, [texts[at] if at < len(texts) else "" for at in columns])
        for name, texts in comparison.rows
    )
    return (
        '<div class="sk-compare" role="region" aria-label="Comparison" tabindex="0"><table>'
        f'<thead><tr><th scope="col"><span class="sk-hidden">Fact</span></th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _head(passage: Passage, message_id: str) -> str:
    number = source_number(passage, source_key(message_id, passage.number))
    return f'<th scope="col" dir="auto">{number} {html(passage.title)}</th>'


def _row(name: str, texts: Sequence[str]) -> str:
    differs = len({text.strip().casefold() for text in texts}) > 1
    sign = '<span class="sk-differs" title="They differ here">≠</span>' if differs else ""
    cells = "".join(f'<td dir="auto">{html(text) or _UNKNOWN}</td>' for text in texts)
    kind = ' class="sk-different"' if differs else ""
    shown = html(field_name(name))
    return f'<tr{kind}><th scope="row" dir="auto">{shown}{sign}</th>{cells}</tr>'
