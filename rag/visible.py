"""Leaves out of a text with HTML in it what a reader would not see.

Scripts, comments and hidden elements are where instructions to a model are put that no
person should notice. Styles in other places than the element itself are not known here.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser

_TAGS = """
a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption
center cite code col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset
figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins
kbd label legend li link main map mark menu meta meter nav noscript object ol optgroup option
output p picture pre progress q s samp script section select slot small source span strike strong
style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u
ul var video wbr
"""
_EMPTY = "area base br col embed hr img input link meta source track wbr"
TAGS = frozenset(_TAGS.split())
EMPTY = frozenset(_EMPTY.split())
UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "head"})
BLOCKS = re.compile(r"^(p|br|div|li|tr|h[1-6]|table|ul|ol|section|article|blockquote|hr)$")
#: Elements that end where the next of their kind begins.
LOOSE = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option"})
HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0*(\.0*)?(?![\d.])"
    r"|font-size\s*:\s*[01](\.\d+)?(?![\d.])|(?<![-\w])color\s*:\s*transparent"
    r"|text-indent\s*:\s*-\d{3,}|(left|top|right|bottom)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)


def without_hidden(text: str, *, keep_tags: bool = False) -> str:
    """The text without comments, scripts and hidden elements.

    Args:
        text: HTML, or Markdown, which may hold some.
        keep_tags: Whether what is seen keeps its tags; else only its words are kept.
    """
    if "<" not in text and (keep_tags or "&" not in text):
        return text
    parser = _Seen(keep_tags)
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


class _Seen(HTMLParser):
    def __init__(self, keep_tags: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self._keep = keep_tags
        #: Elements that are open, and whether each hides what is in it. Counted besides: a page
        #: may open a million and never look back at them one by one.
        self._open: list[tuple[str, bool]] = []
        self._names: Counter[str] = Counter()
        self._hiding = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        written = self.get_starttag_text() or ""
        if tag not in TAGS:
            self._put(written)
            return
        if tag in LOOSE and self._open and self._open[-1][0] == tag:
            self._close()
        if tag not in EMPTY:
            hides = _hides(tag, attrs)
            self._open.append((tag, hides))
            self._names[tag] += 1
            self._hiding += hides
        self._tag(tag, written)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in TAGS and tag not in EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS:
            self._put(f"</{tag}>")
            return
        self._tag(tag, f"</{tag}>")
        if self._names[tag]:
            while self._close() != tag:
                pass

    def _close(self) -> str:
        tag, hides = self._open.pop()
        self._names[tag] -= 1
        self._hiding -= hides
        return tag

    def handle_data(self, data: str) -> None:
        self._put(data)

    def handle_entityref(self, name: str) -> None:
        self._put(f"&{name};" if self._keep else unescape(f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self._put(f"&#{name};" if self._keep else unescape(f"&#{name};"))

    def _tag(self, tag: str, written: str) -> None:
        if self._keep:
            self._put(written)
        elif BLOCKS.match(tag):
            self._put("\n")

    def _put(self, text: str) -> None:
        if not self._hiding:
            self.parts.append(text)


def _hides(tag: str, attrs: list[tuple[str, str | None]]) -> bool:
    given = dict(attrs)
    return tag in UNSEEN or "hidden" in given or bool(HIDING.search(given.get("style") or ""))
