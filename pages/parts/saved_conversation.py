"""A conversation as a file to keep or hand on: a web page or Markdown, with its sources.

Everything in it is text: no markup of a shop's catalog, of a question or of a
model does anything in the file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.db import Database
from pages.parts import words
from pages.parts.escape import html, one_line, plain
from pages.parts.exchanges import Exchange, exchanges
from pages.parts.pictures import web_address
from pages.parts.prose import words_html
from rag import conversations
from rag.exchange import Comparison, Passage

_STYLE = (
    "body{max-width:44rem;margin:2rem auto;padding:0 1rem;font:1rem/1.55 system-ui,sans-serif;"
    "color:#2a2520;background:#fdfbf7;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2.2rem}"
    "p{white-space:pre-wrap}ol{font-size:.9rem;color:#5a5248}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}"
    "td,th{border:1px solid #e3d9ca;padding:.25rem .5rem;text-align:start}"
    "@media(prefers-color-scheme:dark){body{color:#efe8dd;background:#1b1815}ol{color:#c0b6a7}"
    "a{color:#8fd0ae}}"
)
_EXCERPT = 240


class SavedForm(StrEnum):
    """What kind of file."""

    HTML = "html"  #: a web page
    MARKDOWN = "md"  #: text with Markdown

    @property
    def media_type(self) -> str:
        """As a browser is told."""
        return "text/html; charset=utf-8" if self is self.HTML else "text/markdown; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Saved:
    """A file: its name, safe on any system, and its text."""

    name: str
    text: str


def saved(db: Database, conversation_id: str, visitor: str, form: SavedForm) -> Saved:
    """A visitor's conversation as a file.

    Raises:
        NotFoundError: There is no such conversation, or it is another visitor's.
    """
    thread = conversations.get(db, conversation_id, visitor)
    pairs = exchanges(conversations.load(db, conversation_id, visitor))
    day = time.strftime("%Y-%m-%d", time.gmtime(thread.created_at))
    write = _html if form is SavedForm.HTML else _markdown
    return Saved(f"{_safe(thread.title)}-{day}.{form}", write(thread.title, day, pairs))


def _safe(title: str) -> str:
    """A file name out of a title: plain letters and digits only."""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower())[:40].strip("-")
    return f"shop-{name}" if name else "shop-conversation"


def _html(title: str, day: str, pairs: Sequence[Exchange]) -> str:
    body = "".join(part for pair in pairs for part in _html_parts(pair))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html(title)}</title><style>{_STYLE}</style></head>"
        f'<body><h1 dir="auto">{html(title)}</h1><p>Asked in the shop on {day}</p>'
        f"{body}</body></html>"
    )


def _html_parts(pair: Exchange) -> Iterator[str]:
    yield f'<h2 dir="auto">{html(pair.question.text)}</h2>'
    answer = pair.answer
    if answer is None:
        return
    if answer.details.comparison:
        rows = _table(answer.details.comparison, answer.passages)
        cells = ("".join(f"<td>{html(text)}</td>" for text in row) for row in rows)
        yield f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    marks = {one.number: f"[{one.number}]" for one in answer.passages}
    yield words_html(answer.text or "No answer.", marks)
    if answer.passages:
        yield f"<ol>{''.join(_html_source(one) for one in answer.passages)}</ol>"


def _html_source(passage: Passage) -> str:
    address = web_address(passage.product.url) if passage.product else ""
    title = html(passage.title)
    named = f'<a href="{html(address)}" rel="noopener noreferrer">{title}</a>' if address else title
    return f'<li value="{passage.number}" dir="auto"><b>{named}</b> {html(_about(passage))}</li>'


def _markdown(title: str, day: str, pairs: Sequence[Exchange]) -> str:
    lines = [f"# {plain(one_line(title, 200))}", "", f"Asked in the shop on {day}", ""]
    for pair in pairs:
        lines += [f"## {plain(one_line(pair.question.text, 2_000))}", ""]
        if pair.answer:
            lines += [*_markdown_answer(pair)]
    return "\n".join(lines)


def _markdown_answer(pair: Exchange) -> Iterator[str]:
    answer = pair.answer
    if answer is None:
        return
    if answer.details.comparison:
        rows = [*_table(answer.details.comparison, answer.passages)]
        for at, row in enumerate(rows):
            yield "| " + " | ".join(plain(one_line(text, 200)) for text in row) + " |"
            if at == 0:
                yield "|" + " --- |" * len(row)
        yield ""
    yield plain(answer.text or "No answer.")
    yield ""
    for passage in answer.passages:
        address = web_address(passage.product.url) if passage.product else ""
        link = f" {plain(address)}" if address else ""
        told = plain(one_line(f"{passage.title} {_about(passage)}", 400))
        yield f"- \\[{passage.number}\\] {told}{link}"
    yield ""


def _table(comparison: Comparison, passages: Sequence[Passage]) -> Iterator[list[str]]:
    titles = {passage.number: passage.title for passage in passages}
    yield ["", *(titles.get(number, "") for number in comparison.numbers)]
    for name, texts in comparison.rows:
        yield [name, *(text or "–" for text in texts)]


def _about(passage: Passage) -> str:
    """What it costs, or where in the document it stands; then how it begins."""
    product = passage.product
    head = words.price(product.price, product.currency) if product else passage.heading
    return " · ".join(part for part in (head, one_line(passage.text, _EXCERPT)) if part)
