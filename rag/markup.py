"""Takes the markup out of a merchant's text: HTML in descriptions, Markdown in policies."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    {"p", "br", "li", "ul", "ol", "div", "tr", "td", "th", "table", "h1", "h2", "h3", "h4", "hr"}
)
HIDDEN = frozenset({"script", "style", "template"})
LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!]|&#?\w+;")
#: A tag, and a sign that begins one which never ends.
TAG = re.compile(r"<[^<>]*>")
ENDLESS = re.compile(r"<[^<>]*(?=<|\Z)")
#: Signs that a parser may look at anew, all in all, for tags that never end: half a second.
LOOKS = 50_000_000
EMPHASIS = re.compile(r"(\*\*|__|`)(.+?)\1")
#: Looks no further than the next bracket, so that a million of them are looked at once each.
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\[]*\)")
#: A sign that Markdown is told not to take for its own.
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~$&])")
#: Markup that stands for markup, and links around images, are taken apart so often.
LAYERS = 3
TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]+\|[\s:|-]*$")


class _Text(HTMLParser):
    """Collects what a browser would show, with a space where a block begins or ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in HIDDEN
        self._space(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in HIDDEN))
        self._space(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _space(self, tag: str) -> None:
        if tag not in BLOCKS:
            return
        # Items without a full stop would otherwise run into each other.
        ended = "".join(self.parts[-1:]).rstrip()
        self.parts.append("; " if tag == "li" and ended[-1:].isalnum() else " ")


def is_endless(text: str) -> bool:
    """Whether a parser would take minutes: for each tag without an end it looks at all the rest."""
    tags = sum(1 for _ in ENDLESS.finditer(text))
    comments = text.count("<!--", text.rfind("-->") + 1)
    return (tags + comments) * len(text) > LOOKS


def plain(text: str) -> str:
    """A description as one line of plain text; text without markup keeps its words."""
    for _ in range(LAYERS):
        if not LOOKS_LIKE_HTML.search(text):
            break
        if is_endless(text):
            text = TAG.sub(" ", text)
            break
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.parts)
    return " ".join(_without_links(text).split())


def plain_markdown(text: str) -> str:
    """Markdown as readable lines: no emphasis marks, link targets or table rules."""
    lines = [_line(line) for line in text.splitlines() if not TABLE_RULE.match(line)]
    return "\n".join(line for line in lines if line)


def _without_links(text: str) -> str:
    """Without targets of links and images, which Markdown would open or fetch."""
    for _ in range(LAYERS):
        if "](" not in text:
            break
        text = LINK.sub(r"\1", text)
    return text


def _line(line: str) -> str:
    line = _without_links(EMPHASIS.sub(r"\2", line)).strip()
    if line.startswith("|"):
        line = " | ".join(cell.strip() for cell in line.strip("|").split("|") if cell.strip())
    return ESCAPED.sub(r"\1", line)
