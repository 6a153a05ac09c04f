"""What a merchant's cell means: HTML as text, prices, stock.

Each function reads one cell and never fails; what it cannot read is None.
"""

from __future__ import annotations

import re
from decimal import Decimal
from html.parser import HTMLParser

from price_parser import Price

from core.orders import INLINE_TAGS

_HIDDEN_TAGS = "script style template noscript"
_BLOCK_TAGS = """
    address article aside audio blockquote body br button caption center col colgroup dd details
    div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe
    img input label legend li link main meta nav object ol option p picture pre section select
    source summary svg table tbody td textarea tfoot th thead title tr ul video
"""
_HIDDEN = frozenset(_HIDDEN_TAGS.split())
#: The tags of HTML; what else stands in angle brackets is text.
TAGS = _HIDDEN | INLINE_TAGS | frozenset(_BLOCK_TAGS.split())

# A "<" that begins no tag and no comment is a character of the text.
_PLAIN_LESS = re.compile(r"<(?!/?[a-zA-Z][^<>]*>|!--|!doctype)", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"</?(?:p|br|li|ul|div|span|strong|b|h[1-6])\b[^<>]*>", re.IGNORECASE)

#: Signs that name exactly one currency. "$", "kr", "¥" name several and stay as written.
_CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₺": "TRY",
    "₽": "RUB",
    "₩": "KRW",
    "₫": "VND",
    "₪": "ILS",
    "zł": "PLN",
    "Kč": "CZK",
    "R$": "BRL",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "AU$": "AUD",
    "A$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
}
_LONGEST_PRICE = 100
_RANGE = re.compile(r"\d\s*(?:[-–—]|to|bis)\s*\D{0,4}\d")
_NEGATIVE = re.compile(r"^\D{0,4}[-−]\s*\D{0,4}\d")

_NONE_LEFT = re.compile(
    r"\b(out[\s_-]*of[\s_-]*stock|sold[\s_-]*out|not available|unavailable|ausverkauft|"
    r"nicht (vorrätig|verfügbar)|agotado|épuisé|rupture)\b|^\s*(no|false)\s*$",
    re.IGNORECASE,
)
_DELAY = re.compile(r"day|week|hour|tag|woche|jour|semaine|día|semana", re.IGNORECASE)
_COUNT = re.compile(r"-?\d{1,3}(?:[,. ]\d{3})+(?!\d)|-?\d+")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag not in TAGS and "-" not in tag and ":" not in tag:
            # "sizes <M and >XL" is no tag; what is not HTML stays.
            self.parts.append(self.get_starttag_text() or "")
        elif tag not in INLINE_TAGS:
            self.parts.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag not in INLINE_TAGS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain_text(html_or_text: str) -> str:
    """The words of a cell: no tags, no entities, one space between words.

    Text that only looks like HTML ("5 < 6", "<3") stays as it is.
    """
    text = html_or_text
    if "<" in text or "&" in text:
        text = _without_tags(text)
        # Exports often escape their HTML once more: "&lt;p&gt;Warm&lt;/p&gt;".
        if _ESCAPED_TAG.search(text):
            text = _without_tags(text)
    return " ".join(text.split())


def _without_tags(text: str) -> str:
    parser = _Text()
    text = text.replace("<![CDATA[", "").replace("]]>", "")
    # The parser searches to the end from every comment that is not closed: quadratic.
    end = text.rfind("-->") + 1
    text = text[:end] + text[end:].replace("<!--", "&lt;!--")
    parser.feed(_PLAIN_LESS.sub("&lt;", text))
    parser.close()
    return "".join(parser.parts)


def parse_price(text: str) -> tuple[Decimal | None, str | None]:
    """Amount and currency of a price cell.

    A range ("10-20") and a negative amount are no price. "1.299" is read as
    one thousand two hundred and ninety-nine, as shops write it.

    Returns:
        The amount, and an ISO 4217 code, or the sign as written where it
        names more than one currency; None for what is not there.
    """
    if len(text) > _LONGEST_PRICE or _RANGE.search(text) or _NEGATIVE.search(text):
        return None, None
    price = Price.fromstring(text)
    sign = price.currency
    currency = _CURRENCIES.get(sign, sign) if sign else None
    return price.amount, currency


def parse_stock(text: str) -> int | None:
    """Pieces in stock; 0 when sold out, None when no number is stated.

    "In stock" and "ships in 2 days" are None: they say that there are some,
    not how many. A negative number (oversold) is 0.
    """
    if _NONE_LEFT.search(text):
        return 0
    number = _COUNT.search(text)
    if number is None or _DELAY.search(text):
        return None
    return max(0, int(re.sub(r"[,. ]", "", number[0])))
