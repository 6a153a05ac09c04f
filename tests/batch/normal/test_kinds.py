from __future__ import annotations

import pytest

from batch.fields import Field, FieldType
from batch.normal.colours import colour_of, family_of
from batch.normal.kinds import Kind, kind_of
from batch.normal.languages import language_of
from batch.normal.money import currency_beside, currency_of, may_be
from batch.normal.sizes import size_of


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (Field(name="Price", type=FieldType.NUMBER, unit="EUR"), Kind.MONEY),
        (Field(name="price", type=FieldType.NUMBER, unit="$"), Kind.MONEY),
        (Field(name="weight", type=FieldType.NUMBER, unit="kg"), Kind.MEASURE),
        (Field(name="doors", type=FieldType.NUMBER), Kind.PLAIN),
        (Field(name="Main colour"), Kind.COLOUR),
        (Field(name="shoe_size", type=FieldType.LIST), Kind.SIZE),
        (Field(name="Sprache"), Kind.LANGUAGE),
        (Field(name="currency"), Kind.CURRENCY),
        (Field(name="colourful", type=FieldType.BOOLEAN), Kind.PLAIN),
        (Field(name="material"), Kind.PLAIN),
    ],
)
def test_a_fields_kind_follows_from_its_type_unit_and_name(field: Field, kind: Kind) -> None:
    assert kind_of(field) is kind


@pytest.mark.parametrize(
    ("text", "colour", "family"),
    [
        ("NAVY", "navy", "blue"),
        ("Moss green", "moss green", "green"),
        ("Gray", "grey", "grey"),
        ("grau", "grey", "grey"),
        ("light-grey", "light grey", "grey"),
        ("dunkelblau", "dunkelblau", "blue"),
        ("SteelBlue", "steelblue", "blue"),
        ("Steel Blue", "steel blue", "blue"),
        ("burgundy", "burgundy", "red"),
        ("peachpuff", "peachpuff", "beige"),
        ("midnightblue", "midnightblue", "blue"),
        ("blue-grey", "blue grey", "grey"),
        ("red and blue", "red and blue", None),
        ("black/white", "black white", None),
        ("navy, blue", "navy blue", "blue"),
        ("wood", None, None),
        ("", None, None),
    ],
)
def test_colours(text: str, colour: str | None, family: str | None) -> None:
    assert (colour_of(text), family_of(text)) == (colour, family)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Small", "S"),
        ("m", "M"),
        ("Extra large", "XL"),
        ("XXXL", "3XL"),
        ("2XL", "XXL"),
        ("3 x large", "3XL"),
        ("42 EU", "EU 42"),
        ("Gr. EUR 42", "EU 42"),
        ("US 9½", "US 9.5"),
        ("UK 9,5", "UK 9.5"),
        ("one size", "One size"),
        ("42", None),
        ("10 cm", None),
        ("S/M", None),
    ],
)
def test_sizes(text: str, size: str | None) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("German", "de"),
        ("Deutsch", "de"),
        ("allemand", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("deu", "de"),
        ("português", "pt"),
        ("zz", None),
        ("Bubble", None),
    ],
)
def test_languages(text: str, code: str | None) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("€", "EUR"),
        ("eur", "EUR"),
        ("Schweizer Franken", "CHF"),
        ("US$", "USD"),
        ("US dollars", "USD"),
        ("pounds", "GBP"),
        ("$", None),
        ("kr", None),
        ("cm", None),
    ],
)
def test_currencies(text: str, code: str | None) -> None:
    assert currency_of(text) == code


@pytest.mark.parametrize(
    ("cell", "sign", "euro"),
    [
        ("now €19.99", "€", True),
        ("19.99 EUR", "EUR", True),
        ("CHF 19.99", "CHF", False),
        ("$19.99 only", "$", False),
        ("19.99 NEW", None, None),
        ("19.99", None, None),
    ],
)
def test_the_currency_beside_an_amount(cell: str, sign: str | None, euro: bool | None) -> None:
    start = cell.index("19.99")
    assert currency_beside(cell, start, start + 5) == sign
    if sign:
        assert may_be(sign, "EUR") is euro
