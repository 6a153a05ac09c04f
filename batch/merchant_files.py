"""Google's product feed as a file: separated by tabs, or as RSS."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable
from xml.sax.saxutils import XMLGenerator

from batch.csv_results import CsvLine
from batch.dialect import Dialect
from batch.feed_mapping import Said
from batch.merchant_feed import ATTRIBUTES, CURRENCY
from batch.xml_text import legal

NAMESPACE = "http://base.google.com/ns/1.0"
TABS = Dialect("utf-8", "\t", line_end="\n")
_NAMES = tuple(one.name for one in ATTRIBUTES if one.name != CURRENCY)
#: Elements that stand once for each of their texts; all others have one.
_REPEATED = ("additional_image_link",)


def tsv_lines(items: Iterable[Said], *, guard: bool = False) -> Generator[bytes, None, None]:
    """The feed as text, a product a line.

    Args:
        items: Products in Google's form.
        guard: Whether cells that a spreadsheet would run are made harmless; shoppers
            would then see the apostrophe.
    """
    line = CsvLine(TABS, guard=guard)
    yield line(_NAMES)
    for item in items:
        yield line([",".join(item.get(name, ())) for name in _NAMES])


def rss_pieces(items: Iterable[Said], title: str, link: str) -> Generator[bytes, None, None]:
    """The feed as RSS 2.0 with Google's own elements.

    Args:
        items: Products in Google's form.
        title: Of the feed.
        link: The shop's address.
    """
    # A text: into a file of bytes the generator would encode every tag by itself.
    written = io.StringIO()
    xml = XMLGenerator(written, "utf-8", short_empty_elements=True)
    xml.startDocument()
    xml.startPrefixMapping("g", NAMESPACE)
    xml.startElementNS((None, "rss"), None, {(None, "version"): "2.0"})  # type: ignore[arg-type]
    xml.startElementNS((None, "channel"), None, {})  # type: ignore[arg-type]
    for name, words in (("title", title), ("link", link), ("description", title)):
        _element(xml, None, name, words)
    for item in items:
        _item(xml, item)
        yield _taken(written)
    xml.endElementNS((None, "channel"), None)
    xml.endElementNS((None, "rss"), None)
    xml.endDocument()
    yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    """What was written since this was last asked."""
    piece = written.getvalue().encode()
    written.seek(0)
    written.truncate()
    return piece


def _item(xml: XMLGenerator, item: Said) -> None:
    xml.startElementNS((None, "item"), None, {})  # type: ignore[arg-type]
    for name, texts in item.items():
        for words in texts if name in _REPEATED else [",".join(texts)]:
            _element(xml, NAMESPACE, name, words)
    xml.endElementNS((None, "item"), None)
    xml.ignorableWhitespace("\n")


def _element(xml: XMLGenerator, namespace: str | None, name: str, words: str) -> None:
    xml.startElementNS((namespace, name), None, {})  # type: ignore[arg-type]
    xml.characters(legal(words))
    xml.endElementNS((namespace, name), None)
