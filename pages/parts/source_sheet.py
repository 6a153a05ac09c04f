"""A source opened at its passage, as HTML: what stands there, and where each fact comes from."""

from __future__ import annotations

from collections.abc import Sequence

from core.products import Product
from core.values import Origin, Value
from pages.parts import words
from pages.parts.cards import field_name, price_and_stock, value_text
from pages.parts.escape import html, one_line
from pages.parts.marked_text import Span, letter_html, marked
from pages.parts.pictures import web_address
from pages.parts.sources import heading
from rag.exchange import Passage
from rag.sections import Section

_TITLE, _DESCRIPTION = "title", "description"
_PROSE_CHARACTERS = 200


def product_html(passage: Passage, product: Product, now: Product | None) -> str:
    """A product: its texts with the values marked where they stand, then every fact.

    Args:
        passage: As it was found.
        product: As it was then.
        now: As it is on sale at present; None where it is no longer.
    """
    names = _fitting_first(product, passage.matched)
    values = [(name, product.values[name]) for name in names]
    title = marked(product.title, _spans(values, _TITLE, product.title))
    text = marked(product.description, _spans(values, _DESCRIPTION, product.description))
    description = f'<div class="sk-read"><p dir="auto">{text}</p></div>' if text else ""
    return (
        f'<h2 dir="auto">{title}</h2>{_changed(product, now)}'
        f'<div class="sk-sheet-facts">{price_and_stock(product)}</div>{_link(product)}'
        f"{description}{_table(product, values, passage.matched)}"
    )


def policy_html(passage: Passage, section: Section | None) -> str:
    """A policy: the whole section with the passage marked."""
    if section is None:
        told = '<p class="sk-changed">The document has changed since. It said then:</p>'
        body = f"{told}<p dir='auto'><mark>{html(passage.text)}</mark></p>"
    else:
        before, passed, after = (
            html(section.text[begin:end])
            for begin, end in (
                (0, section.start),
                (section.start, section.end),
                (section.end, len(section.text)),
            )
        )
        body = f'<p dir="auto">{before}<mark>{passed}</mark>{after}</p>'
    return (
        f'<h2 dir="auto">{html(passage.title)}<small>{heading(passage)}</small></h2>'
        f'<div class="sk-read">{body}</div>'
    )


def _fitting_first(product: Product, matched: Sequence[str]) -> list[str]:
    return sorted(product.values, key=lambda name: not _fits(name, product.values[name], matched))


def _fits(name: str, value: Value, matched: Sequence[str]) -> bool:
    """Whether a value is among what made the product fit."""
    named, text = name.replace("_", " ").casefold(), value.text().casefold()
    return any(one.casefold().startswith(f"{named}:") or one.casefold() == text for one in matched)


def _spans(values: Sequence[tuple[str, Value]], column: str, text: str) -> list[Span]:
    """Where the values stand in a text; one that does not hold there any more is left out."""
    return [
        Span(value.start, value.end, number)
        for number, (_, value) in enumerate(values)
        if _stands_in(value, column, text) and value.start is not None and value.end is not None
    ]


def _stands_in(value: Value, column: str, text: str) -> bool:
    return (
        value.column == column
        and value.start is not None
        and value.end is not None
        and 0 <= value.start < value.end <= len(text)
    )


def _changed(product: Product, now: Product | None) -> str:
    """What is no longer as it was when the answer was given."""
    if now is None:
        return '<p class="sk-changed">No longer on sale. This is how it was:</p>'
    told = (product.price, product.currency, product.stock)
    if told == (now.price, now.currency, now.stock):
        return ""
    price, left = words.price(now.price, now.currency), words.stock(now.stock)
    parts = " · ".join(html(part) for part in (price, left) if part)
    return f'<p class="sk-changed">Changed since. Now: {parts}</p>'


def _link(product: Product) -> str:
    address = web_address(product.url)
    if not address:
        return ""
    return (
        f'<p><a href="{html(address)}" target="_blank" rel="noopener noreferrer">'
        "Open its page in the shop ↗</a></p>"
    )


def _table(product: Product, values: Sequence[tuple[str, Value]], matched: Sequence[str]) -> str:
    rows = [
        _fact(name, value, _origin(value), _sign(number, value, product), matched)
        for number, (name, value) in enumerate(values)
        if value.text()
    ]
    if product.department:
        rows.append(_row("Department", html(product.department), "in the shop’s list"))
    if not rows:
        return ""
    head = (
        '<tr><th scope="col">Fact</th><th scope="col">Value</th>'
        '<th scope="col">Where it comes from</th></tr>'
    )
    return (
        f'<h3>What the shop knows about it</h3><div class="sk-facts"><table><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _fact(name: str, value: Value, origin: str, sign: str, matched: Sequence[str]) -> str:
    tick = '<span class="sk-tick" title="Fits your question">✓ </span>'
    fits = tick if _fits(name, value, matched) else ""
    text = html(one_line(value_text(value), _PROSE_CHARACTERS))
    return _row(html(field_name(name)), f"{fits}{text}", f"{sign}{origin}")


def _row(name: str, text: str, origin: str) -> str:
    return (
        f'<tr><th scope="row" dir="auto">{name}</th><td dir="auto">{text}</td>'
        f"<td>{origin}</td></tr>"
    )


def _sign(number: int, value: Value, product: Product) -> str:
    """The letter that marks it in the text above."""
    stands = _stands_in(value, _TITLE, product.title)
    stands = stands or _stands_in(value, _DESCRIPTION, product.description)
    return f"{letter_html(number)} " if stands else ""


def _origin(value: Value) -> str:
    """Where a value comes from, in a shopper's words."""
    if value.origin is Origin.INFERRED:
        return "concluded from the description"
    written = f" as “{html(one_line(value.raw, 60))}”" if value.raw else ""
    place = value.column if value.column in (_TITLE, _DESCRIPTION) else "shop’s list"
    if value.origin is Origin.STATED:
        return f"written in the {place}{written}"
    return (
        f"checked by a person, in the {place}{written}" if value.column else "entered by a person"
    )
