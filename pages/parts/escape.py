"""Other people's text made harmless: catalogs, documents, questions and models.

Two places to put it, two functions: :func:`plain` for Streamlit's Markdown
(labels, captions, boxes), :func:`html` for our own HTML.
"""

from __future__ import annotations

import re
from html import escape

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
#: Has no look of its own, or turns around the text beside it: our words, too.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile(r"\s+")


def plain(text: str) -> str:
    """Text that Markdown shows as it is: no links, images, icons, formulas or HTML."""
    seen = _MARGINS.sub("", _visible(text).strip())
    return _MARKDOWN.sub(r"\\\1", _TURNED.sub(_JOINER, seen))


def _visible(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


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
    return escape(_visible(text), quote=True)
