"""The model's words as HTML: paragraphs, lists, bold, and citations that open.

Everything else the model writes is shown as the text it is. Half a citation
at the end of a stream is held back until it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pages.parts.escape import html
from pages.parts.sources import source_key, tip_html
from rag.exchange import Passage

_CITATION = re.compile(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_UNFINISHED = re.compile(r"\[[\d\s,]{0,12}$")
_BOLD = re.compile(r"\*\*(\S(?:[^*]*\S)?)\*\*")
_BULLET = re.compile(r"^\s*[-*•]\s+")
_NUMBERED = re.compile(r"^\s*\d{1,2}[.)]\s+")
_HEADING = re.compile(r"^#{1,6}\s+")


def prose_html(
    text: str, passages: Sequence[Passage], *, message_id: str = "", writing: bool = False
) -> str:
    """The answer as HTML.

    Args:
        text: What the model has written.
        passages: What its citations point at.
        message_id: The answer, by which its sources are opened.
        writing: Adds the caret of a text that still grows.
    """
    shown = _whole(text) if writing else text
    marks = {one.number: _mark(one, source_key(message_id, one.number)) for one in passages}
    kind = "sk-prose sk-writing" if writing else "sk-prose"
    return f'<div class="{kind}">{words_html(shown, marks)}</div>'


def _whole(text: str) -> str:
    """A text that still grows, without half a mark at its end."""
    shown = _UNFINISHED.sub("", text).rstrip("*")
    return f"{shown}**" if shown.count("**") % 2 else shown


def words_html(text: str, marks: Mapping[int, str]) -> str:
    """Paragraphs, lists and bold; a citation becomes the mark of its number."""
    return "".join(_blocks(text.strip(), marks))


def _blocks(text: str, marks: Mapping[int, str]) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        for kind, lines in groupby(paragraph.splitlines(), key=_kind):
            yield _block(kind, [_inline(_bare(line, kind), marks) for line in lines])


def _kind(line: str) -> str:
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBERED.match(line) else "p"


def _bare(line: str, kind: str) -> str:
    marker = {"ul": _BULLET, "ol": _NUMBERED, "p": _HEADING}[kind]
    return marker.sub("", line)


def _block(kind: str, lines: list[str]) -> str:
    if kind == "p":
        return f'<p dir="auto">{"<br>".join(lines)}</p>'
    items = "".join(f'<li dir="auto">{line}</li>' for line in lines)
    return f'<{kind} dir="auto">{items}</{kind}>'


def _inline(line: str, marks: Mapping[int, str]) -> str:
    """One line: escaped first, so that nothing but our own marks becomes HTML."""
    bold = _BOLD.sub(r"<strong>\1</strong>", html(line))
    return _CITATION.sub(lambda found: _citations(found, marks), bold)


def _citations(found: re.Match[str], marks: Mapping[int, str]) -> str:
    """Marks that open their source; a number without a source is left out."""
    numbers = (int(number) for number in found[1].split(","))
    return "".join(marks[number] for number in numbers if number in marks)


def _mark(passage: Passage, key: str) -> str:
    return (
        f'<button type="button" class="sk-cite" data-source="{html(key)}" aria-haspopup="dialog" '
        f'aria-label="Source {passage.number}: {html(passage.title)}">{passage.number}'
        f'<span class="sk-tip" aria-hidden="true">{tip_html(passage)}</span></button>'
    )
