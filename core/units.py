"""Units as shops write them, and numbers converted between them by pint.

Only the spellings listed here are read out of a catalog's text: pint knows
"pole" and "at" as units, and a shop does not mean them.
"""

from __future__ import annotations

import re
from functools import cache
from tokenize import TokenError
from typing import Any

from core.fold import unaccented

#: Figures of a converted number that mean anything.
FIGURES = 6

#: pint's name of each unit, and how shops write it.
_SPELLINGS = {
    "micrometer": "µm um micron microns",
    "millimeter": "mm millimeter millimeters millimetre millimetres millimetri milimetros",
    "centimeter": "cm cms centimeter centimeters centimetre centimetres centimetri centimetros",
    "meter": "m meter meters metre metres mtr metro metros metri",
    "kilometer": "km kilometer kilometers kilometre kilometres",
    "inch": "in ins inch inches \" ″ ” '' zoll pouce pouces pollici pulgada pulgadas",
    "foot": "ft foot feet ' ′ fuss",
    "yard": "yd yds yard yards",
    "milligram": "mg milligram milligrams",
    "gram": "g gr gram grams gramm gramme grammes gramos grammi",
    "kilogram": "kg kgs kilo kilos kilogram kilograms kilogramm kilogrammes",
    "metric_ton": "tonne tonnes",
    "ounce": "oz ozs ounce ounces unze unzen",
    "pound": "lb lbs pound pounds pfund",
    "carat": "ct carat carats karat",
    "milliliter": "ml milliliter milliliters millilitre millilitres",
    "centiliter": "cl centiliter centilitre centilitres",
    "deciliter": "dl deciliter decilitre",
    "liter": "l lt ltr ltrs liter liters litre litres litro litros litri",
    "cubic_meter": "m³ m3",
    "cubic_centimeter": "cm³ cm3 cc ccm",
    "fluid_ounce": "floz fluidounce fluidounces",
    "pint": "pint pints",
    "quart": "qt qts quart quarts",
    "gallon": "gal gals gallon gallons",
    "cup": "cup cups",
    "square_meter": "m² m2 sqm qm",
    "square_centimeter": "cm² cm2 sqcm",
    "square_foot": "ft² ft2 sqft squarefeet squarefoot",
    "gram/meter**2": "gsm g/m² g/m2",
    "second": "s sec secs second seconds sekunde sekunden",
    "minute": "min mins minute minutes minuten minuti minutos",
    "hour": "h hr hrs hour hours stunde stunden heure heures ore horas",
    "day": "day days tag tage jour jours giorni dias",
    "week": "week weeks woche wochen semaine semaines",
    "month": "month months monat monate mois mesi meses",
    "year": "yr yrs year years jahr jahre ans anni anos",
    "watt": "w watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "horsepower": "hp horsepower",
    "watt_hour": "wh",
    "kilowatt_hour": "kwh",
    "kilojoule": "kj",
    "kilocalorie": "kcal",
    "volt": "v volt volts",
    "ampere": "a amp amps ampere",
    "milliampere_hour": "mah",
    "ampere_hour": "ah",
    "hertz": "hz hertz",
    "kilohertz": "khz",
    "megahertz": "mhz",
    "gigahertz": "ghz",
    "megabyte": "mb megabyte megabytes",
    "gigabyte": "gb gigabyte gigabytes",
    "terabyte": "tb terabyte terabytes",
    "megapixel": "mp mpx megapixel megapixels",
    "bar": "bar",
    "psi": "psi",
    "kilopascal": "kpa",
    "degree_Celsius": "°c ℃ celsius",
    "degree_Fahrenheit": "°f ℉ fahrenheit",
    "kelvin": "kelvin",
    "lumen": "lm lumen lumens",
    "decibel": "db decibel decibels",
    "denier": "den denier",
    "percent": "% percent prozent",
}
_UNITS = {
    spelling: name for name, all_of_it in _SPELLINGS.items() for spelling in all_of_it.split()
}
#: What a spelling means where the field measures something else than it usually does.
_OTHERWISE = {
    "ounce": "fluid_ounce",
    "meter": "minute",
    "carat": "count",
}
_DEGREES = {"c": "degree_Celsius", "f": "degree_Fahrenheit", "°": "degree_Celsius"}
_LETTERS = r"[^\W\d_]+"
_WRITTEN = re.compile(
    rf"""[ \u00a0\u202f]?[-‐‑]?\s?(?P<unit>
        fl\.?\s?oz | sq\.?\s?(?:ft|m|cm|feet) | square\s(?:feet|foot) | fluid\sounces?
      | [°º]\s?[CF]\b | g/m[²2] | (?:c?m|ft)[²³23](?!\d) | ["″”'′%℃℉°] | '' | {_LETTERS}
    )""",
    re.VERBOSE | re.IGNORECASE,
)
#: "12 in stock" is no length.
_NOT_INCHES = re.compile(r"\s+(?:a|an|the|one|each|all|total|stock|store|our|your|any)\b", re.I)


def unit_of(text: str, like: str = "") -> str | None:
    """pint's name of a unit as a shop writes it, such as "Liter" or "fl. oz"; None for no unit.

    Args:
        text: The unit alone.
        like: The name of a unit of what is measured, where that is known: "oz" is
            another unit among litres than among grams.
    """
    written = unaccented(re.sub(r"[\s.]", "", text)).replace("º", "°")
    found = _UNITS.get(written) or _UNITS.get(text.strip().casefold())
    if like and (found is None or _factorless(found, like)):
        if written in _DEGREES and not _factorless(_DEGREES[written], like):
            return _DEGREES[written]
        other = _OTHERWISE.get(found or "", "")
        if other and not _factorless(other, like):
            return other
    return found


def unit_named(text: str) -> str | None:
    """The unit that a field is given in: as shops write it, or any that pint knows."""
    if found := unit_of(text):
        return found
    try:
        return str(_registry().Unit(text)) or None
    # A word that is no unit fails in many ways in there.
    except (AttributeError, ValueError, TypeError, AssertionError, SyntaxError, TokenError):
        return None


def unit_at(text: str, at: int, like: str = "") -> tuple[str, int] | None:
    """The unit that is written from a place on, and where it ends; None for no unit.

    Args:
        text: A cell.
        at: The end of a number in it.
        like: See :func:`unit_of`.
    """
    match = _WRITTEN.match(text, at)
    if match is None:
        return None
    written, end = match["unit"], match.end("unit")
    if written == "a" or (written.lower() == "in" and _NOT_INCHES.match(text, end)):
        return None  # "3 a.m."
    if text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha() and len(written) == 1:
        return None  # "4 T-Shirts", "5 V-necks"
    unit = unit_of(written, like)
    return (unit, end) if unit else None


def convert(number: float, unit: str, to: str) -> float | None:
    """A number in another unit, to six figures; None where one cannot become the other."""
    if unit == to:
        return number
    if _factorless(unit, to):
        return None
    registry = _registry()
    converted = float(registry.Quantity(number, unit).to(to).magnitude)
    return float(f"{converted:.{FIGURES}g}")


@cache
def _factorless(unit: str, to: str) -> bool:
    """Whether these measure different things."""
    registry = _registry()
    return bool(registry.Unit(unit).dimensionality != registry.Unit(to).dimensionality)


@cache
def _registry() -> Any:
    import pint  # takes half a second, and most catalogs have no units to convert

    return pint.UnitRegistry(cache_folder=None)
