"""Google's feed, read back by an XML parser and a reader of tables."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

from batch.feed_mapping import Said
from batch.merchant_feed import item
from batch.merchant_files import NAMESPACE, rss_pieces, tsv_lines

SAID: Said = {
    "id": ["A1"],
    "title": ["<b>Tent</b> & co."],
    "description": ["Sleeps\tfour\n" + "word " * 2000],
    "link": ["https://x.example/p/1"],
    "image_link": ["https://x.example/1.jpg, https://x.example/2.jpg"],
    "availability": ["12"],
    "price": ["1.299,00"],
    "currency": ["eur"],
    "color": ["red", "blue", "green", "black"],
    "gender": ["Women's"],
    "condition": ["Neu"],
    "gtin": ["123"],
}


def test_a_product_takes_googles_forms() -> None:
    found = item(SAID)
    assert len(found.pop("description")[0]) <= 5000
    assert found == {
        "id": ["A1"],
        "title": ["Tent & co."],
        "link": ["https://x.example/p/1"],
        "image_link": ["https://x.example/1.jpg"],
        "additional_image_link": ["https://x.example/2.jpg"],
        "availability": ["in_stock"],
        "price": ["1299.00 EUR"],
        "color": ["red/blue/green"],
        "gender": ["female"],
        "condition": ["new"],
    }


def test_the_text_feed_is_one_line_a_product_whatever_is_in_it() -> None:
    hostile = {"id": ['"quoted"'], "title": item({"title": ["a\tb\r\n=cmd"]})["title"]}
    content = b"".join(tsv_lines([item(SAID), hostile])).decode()
    assert content.count("\n") == 3
    rows = list(csv.DictReader(io.StringIO(content, newline=""), delimiter="\t"))
    assert rows[0]["additional_image_link"] == "https://x.example/2.jpg"
    assert (rows[1]["id"], rows[1]["title"]) == ('"quoted"', "a b =cmd")


def test_the_guard_is_off_in_feeds_unless_it_is_wanted() -> None:
    product = {"title": ["=1+1"]}
    assert b"\t=1+1\t" in b"".join(tsv_lines([product]))
    assert b"\t'=1+1\t" in b"".join(tsv_lines([product], guard=True))


def test_the_xml_feed_is_well_formed_whatever_is_in_it() -> None:
    hostile = {
        "id": ["<id>&amp;"],
        "title": ["]]> <!-- \x00\x07\ud800\ufffe 🎉 </g:title>"],
        "additional_image_link": ["https://x.example/1", "https://x.example/2"],
    }
    content = b"".join(rss_pieces([item(SAID), hostile], "A & B", "https://x.example?a=1&b=2"))
    root = ET.fromstring(content)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    (channel,) = root
    assert channel.findtext("title") == "A & B"
    assert channel.findtext("link") == "https://x.example?a=1&b=2"
    first, second = channel.findall("item")
    google = f"{{{NAMESPACE}}}"
    assert first.findtext(f"{google}price") == "1299.00 EUR"
    assert second.findtext(f"{google}id") == "<id>&amp;"
    assert second.findtext(f"{google}title") == "]]> <!--  🎉 </g:title>"
    pictures = second.findall(f"{google}additional_image_link")
    assert [one.text for one in pictures] == ["https://x.example/1", "https://x.example/2"]


def test_a_feed_of_nothing_is_a_feed() -> None:
    assert len(b"".join(tsv_lines([])).splitlines()) == 1
    root = ET.fromstring(b"".join(rss_pieces([], "Empty", "")))
    assert root.findall("channel/item") == []
