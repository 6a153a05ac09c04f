"""Other people's text made harmless: catalogs, documents, questions and models.

Two places to put it, two functions: :func:`plain` for Streamlit's Markdown
(labels, captions, boxes), :func:`html` for our own HTML.
"""

from __future__ import annotations

import re
from html import escape

from core.letters import visible

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>&^=])")
#: Streamlit turns these into arrows, icons and links also where they are escaped.
_TURNED = re.compile(
    r"(?<=[-<>=~])(?=[-<>=])|(?<=:)(?=//|material/|streamlit:)|(?<=www)(?=\.)|(?<=@)(?=[\w-])",
    re.IGNORECASE,
)
#: Takes no place, and keeps two signs from being read as one.
_JOINER = "\u2060"
#: Space at both ends of a line makes code and breaks of it.
_MARGINS = re.compile(r"^[^\S\n]+|[^\S\n]+$", re.MULTILINE)
_BREAKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no links, images, icons, formulas or HTML."""
    seen = _MARGINS.sub("", visible(text).strip())
    return _MARKDOWN.sub(r"\\\1", _TURNED.sub(_JOINER, seen))


def one_line(text: str, limit: int) -> str:
    """Text on one line, cut at a word where it is longer than the limit."""
    line = _BREAKS.sub(" ", text).strip()
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    inside_word = line[limit - 1] != " " and " " in cut[limit // 2 :]
    whole = cut[: cut.rfind(" ")] if inside_word else cut
    return f"{whole.rstrip(' .,;:')}…"


def html(text: str) -> str:
    """Text for an element or a quoted attribute of our own HTML."""
    return escape(visible(text), quote=True)
