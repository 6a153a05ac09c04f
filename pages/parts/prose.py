"""The model's words as HTML: paragraphs, lists, bold, and citations that open.

Everything else the model writes is shown as the text it is. Half a citation
at the end of a stream is held back until it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pages.parts.escape import html
from pages.parts.sources import tip_html
from rag.exchange import Passage

_CITATION = re.compile(r"\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_UNFINISHED = re.compile(r"\[[\d\s,]{0,12}$")
_BOLD = re.compile(r"\*\*(\S(?:[^*]*\S)?)\*\*")
_BULLET = re.compile(r"^\s*[-*•]\s+")
_NUMBERED = re.compile(r"^\s*\d{1,2}[.)]\s+")
_HEADING = re.compile(r"^#{1,6}\s+")


def prose_html(text: str, passages: Sequence[Passage], *, writing: bool = False) -> str:
    """The answer as HTML; ``writing`` adds the caret of a text that still grows."""
    shown = _UNFINISHED.sub("", text) if writing else text
    by_number = {passage.number: passage for passage in passages}
    body = "".join(_blocks(shown.strip(), by_number))
    return f'<div class="sk-prose{" sk-writing" if writing else ""}">{body}</div>'


def _blocks(text: str, sources: Mapping[int, Passage]) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        for kind, lines in groupby(paragraph.splitlines(), key=_kind):
            yield _block(kind, [_inline(_bare(line, kind), sources) for line in lines])


def _kind(line: str) -> str:
    if _BULLET.match(line):
        return "ul"
    return "ol" if _NUMBERED.match(line) else "p"


def _bare(line: str, kind: str) -> str:
    marker = {"ul": _BULLET, "ol": _NUMBERED, "p": _HEADING}[kind]
    return marker.sub("", line)


def _block(kind: str, lines: list[str]) -> str:
    if kind == "p":
        return f"<p>{'<br>'.join(lines)}</p>"
    return f"<{kind}>{''.join(f'<li>{line}</li>' for line in lines)}</{kind}>"


def _inline(line: str, sources: Mapping[int, Passage]) -> str:
    """One line: escaped first, so that nothing but our own marks becomes HTML."""
    bold = _BOLD.sub(r"<strong>\1</strong>", html(line))
    return _CITATION.sub(lambda found: _citations(found, sources), bold)


def _citations(found: re.Match[str], sources: Mapping[int, Passage]) -> str:
    """Marks that open their source; a number without a source is left out."""
    numbers = (int(number) for number in found[1].split(","))
    return "".join(_mark(number, sources[number]) for number in numbers if number in sources)


def _mark(number: int, passage: Passage) -> str:
    return (
        f'<span class="sk-cite" tabindex="0" role="button" '
        f'aria-label="Source {number}: {html(passage.title)}">{number}'
        f'<span class="sk-tip" role="tooltip">{tip_html(passage)}</span></span>'
    )
