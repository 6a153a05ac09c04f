"""Which form the values of a field are brought into, by an explicit table.

| the field | its kind | what becomes of a value |
| --- | --- | --- |
| a number with a currency as unit | money | the amount; another currency is doubted |
| a number with another unit | measure | converted to the field's unit |
| named colour, size, language or currency | that kind | one spelling, or the choice that means it |
| any other | plain | a choice: the allowed value; else nothing |

A text that is to be copied stays as it is written, whatever its kind: "copy
exactly" means exactly. To have colours in one form, make the field a choice or
a list, or have it written.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from batch.fields import Field, FieldType
from batch.normal import colours, languages, money, sizes
from batch.words import words

Form = Callable[[str], str | None]


class Kind(StrEnum):
    """What the values of a field measure or name."""

    PLAIN = "plain"  #: anything
    MEASURE = "measure"  #: a number in a unit
    MONEY = "money"  #: an amount in a currency
    COLOUR = "colour"  #: the colour of a thing
    SIZE = "size"  #: a size of clothes or shoes
    LANGUAGE = "language"  #: a language, by its code
    CURRENCY = "currency"  #: a currency, by its code


#: Words in a field's name that tell its kind.
_NAMED = {
    Kind.COLOUR: "colour color colours colors farbe couleur colore cor",
    Kind.SIZE: "size sizes grosse taille talla taglia tamanho",
    Kind.LANGUAGE: "language languages sprache langue idioma lingua",
    Kind.CURRENCY: "currency wahrung devise moneda valuta moeda",
}
_KINDS = {word: kind for kind, named in _NAMED.items() for word in named.split()}

#: The one spelling of each kind's values.
FORMS: dict[Kind, Form] = {
    Kind.COLOUR: colours.colour_of,
    Kind.SIZE: sizes.size_of,
    Kind.LANGUAGE: languages.language_of,
    Kind.CURRENCY: money.currency_of,
}


def kind_of(field: Field) -> Kind:
    """The kind of a field, by its type, unit and name."""
    if field.type is FieldType.NUMBER:
        if not field.unit:
            return Kind.PLAIN
        return Kind.MONEY if money.currency_of(field.unit) or field.unit == "$" else Kind.MEASURE
    if field.type is FieldType.BOOLEAN:
        return Kind.PLAIN
    named = [_KINDS[word.fold] for word in words(field.name).all if word.fold in _KINDS]
    return named[0] if named else Kind.PLAIN


def forms_of(field: Field) -> tuple[Form, ...]:
    """The forms in which values of a field are the same, the strictest first."""
    kind = kind_of(field)
    loosely = (colours.family_of,) if kind is Kind.COLOUR else ()
    return (FORMS[kind], *loosely) if kind in FORMS else ()
