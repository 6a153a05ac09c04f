"""The figures in a text: prices, counts, measures, percentages, times, codes with digits.

Reads what is written, in the ways shops write it; judges nothing. Amounts come in
one unit of each measure, so that "2.5 kg" and "2,500 g" are the same figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MONEY, PERCENT, STOCK, CODE, PLAIN = "money", "percent", "stock", "code", ""

_SIGNS = "$€£¥₹₺₩"
_CURRENCY = re.compile(
    rf"[{_SIGNS}]|(?:usd|eur|gbp|cad|aud|chf|jpy|pln|sek|nok|dkk|dollars?|euros?|bucks|cents?)\b",
    re.IGNORECASE,
)
_UNITS: dict[str, dict[str, str]] = {
    "duration": {
        "1": "min mins minute minutes minuten minutos minuti",
        "60": "h hr hrs hour hours stunde stunden heure heures hora horas ora ore uur",
        "1440": "day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen",
        "10080": "week weeks woche wochen semaine semaines semana semanas settimana settimane",
    },
    "months": {
        "1": "month months monat monate monaten mois mes meses mese mesi maand maanden",
        "12": "year years yr yrs jahr jahre jahren an ans année années año años anno anni jaar",
    },
    "mass": {
        "1": "g gram grams",
        "1000": "kg kilo kilos kilogram kilograms",
        "28.35": "oz",
        "453.6": "lb lbs",
    },
    "length": {
        "1": "mm",
        "10": "cm",
        "1000": "m metre metres meter meters",
        "1000000": "km",
        "25.4": 'inch inches " ″',
        "304.8": "ft foot feet",
    },
    "volume": {"1": "ml", "10": "cl", "1000": "l litre litres liter liters"},
    "power": {"1": "w watt watts", "1000": "kw"},
    "energy": {"1": "wh", "1000": "kwh"},
    "charge": {"1": "mah", "1000": "ah"},
    "voltage": {"1": "v volt volts"},
    "light": {"1": "lm lumen lumens"},
    "degrees": {"1": "° °c °f degrees"},
    "people": {"1": "person persons people guests adults personen personnes personas persone"},
}
_MEASURES = {
    word: (measure, Decimal(factor))
    for measure, factors in _UNITS.items()
    for factor, words in factors.items()
    for word in words.split()
}
_TWO_TO_TWENTY = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_WORDS = {word: Decimal(number) for number, word in enumerate(_TWO_TO_TWENTY.split(), start=2)}
_CITATION = re.compile(r"\[\d{1,3}\]")
_NUMBER = r"\d{1,3}(?:[\u00a0\u202f' ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
#: A number with a price's sign: here a space between thousands is one number.
_PRICED = re.compile(rf"[{_SIGNS}]\s?(?:{_NUMBER})|(?:{_NUMBER})\s?[{_SIGNS}]")
_TOKEN = re.compile(rf"[^\s,;:!?()\[\]“”\"'|–—/×]*\d(?:[^\s;!?()\[\]“”|–—/×]*[\w%°{_SIGNS}\"″])?")
_AMOUNT = re.compile(
    rf"([+~≈±−-]?)([{_SIGNS}]?)\s?({_NUMBER})-?([^\W\d]+|[%{_SIGNS}\"″]|°[CFcf]?)?$"
)
_NEXT = re.compile(
    r"[\s-]{0,2}(?:(?:business|working|calendar)\s)?((?:°\s?)?[^\W\d_]+|[%°\"″]|[$€£])"
)
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)
_IN_STOCK = re.compile(r"\s*(?:\w+\s+){0,2}?(?:in stock|left|available|on hand|remaining)\b", re.I)
_RANGE_DASH = re.compile(r"(?<=\d)-(?=[$€£]?\d)")
_THOUSANDS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a text.

    Attributes:
        start: Its first character, its currency's sign included.
        end: One past its last one, a unit's name not included.
        text: As it is written.
        measure: ``money``, ``percent``, ``mass``…; ``code`` for letters and digits in one;
            empty where no unit is said.
        amounts: What it may mean, in the measure's one unit: "1,400" may be either.
        in_words: Whether it is written in letters.
    """

    start: int
    end: int
    text: str
    measure: str
    amounts: frozenset[Decimal] = frozenset()
    in_words: bool = False


def figures_in(text: str) -> Iterator[Figure]:
    """The figures of a text in their order; numbers of citations, as in ``[2]``, are none."""
    masked = _CITATION.sub(lambda found: " " * len(found[0]), text)
    found = [*_priced(masked)]
    for one in found:
        masked = masked[: one.start] + " " * (one.end - one.start) + masked[one.end :]
    found += _in_digits(masked)
    found += _in_words(masked)
    return iter(sorted(found, key=lambda one: one.start))


def measure_of(unit: str) -> tuple[str, Decimal]:
    """What a unit measures, and how many of the measure's one unit it is."""
    name = unit.strip().casefold()
    if _CURRENCY.fullmatch(name):
        return MONEY, Decimal(1)
    if name in ("%", "percent", "prozent"):
        return PERCENT, Decimal(1)
    return _MEASURES.get(name, (PLAIN, Decimal(1)))


def amounts_of(number: str) -> frozenset[Decimal]:
    """What a number in digits may mean: a single comma or stop parts decimals or thousands."""
    plain = re.sub(r"[\u00a0\u202f' ]", "", number)
    marks = [sign for sign in plain if sign in ".,"]
    if not marks:
        return frozenset({Decimal(plain)})
    whole, _, rest = plain.rpartition(marks[-1])
    as_decimals = Decimal(re.sub(r"[.,]", "", whole) + "." + rest)
    as_thousands = Decimal(re.sub(r"[.,]", "", plain))
    if len(rest) != _THOUSANDS:
        return frozenset({as_decimals})
    if len(set(marks)) > 1:
        return frozenset({as_decimals})
    return frozenset({as_thousands} if len(marks) > 1 else {as_thousands, as_decimals})


def _priced(text: str) -> Iterator[Figure]:
    for found in _PRICED.finditer(text):
        number = found[0].strip(f"{_SIGNS} \u00a0\u202f")
        yield Figure(found.start(), found.end(), found[0], MONEY, amounts_of(number))


def _in_digits(text: str) -> Iterator[Figure]:
    for token in _TOKEN.finditer(_RANGE_DASH.sub("–", text)):
        start = token.start()
        written = token[0].lstrip("*_`~#<>=")
        start += len(token[0]) - len(written)
        written = written.rstrip("*_`.,:-+<>=")
        if written:
            yield _figure(text, start, written)


def _figure(text: str, start: int, written: str) -> Figure:
    end = start + len(written)
    parts = _AMOUNT.fullmatch(written)
    if parts is None:
        return Figure(start, end, written, CODE)
    sign, currency, number, unit = parts.groups()
    measure, factor = (MONEY, Decimal(1)) if currency else _measure(text, end, start, unit)
    if unit and measure == PLAIN and not _is_ordinary(written, number):
        return Figure(start, end, written, CODE)
    below = -1 if sign and sign in "-−" else 1
    amounts = frozenset(below * amount * factor for amount in amounts_of(number))
    return Figure(start, end, written, measure, amounts)


def _is_ordinary(written: str, number: str) -> bool:
    """Whether what follows the number is a word of its own, as in ``4-pocket``."""
    return written[written.index(number) + len(number) :].startswith("-")


def _measure(text: str, end: int, start: int, unit: str | None) -> tuple[str, Decimal]:
    if unit:
        return measure_of(unit)
    after = _NEXT.match(text, end)
    if after and (found := measure_of(after[1].replace(" ", "")))[0]:
        return found
    if _IN_STOCK.match(text, end):
        return STOCK, Decimal(1)
    before = text[:start].split()[-1:]
    if before and _CURRENCY.fullmatch(before[0].strip("(")):
        return MONEY, Decimal(1)
    return PLAIN, Decimal(1)


def _in_words(text: str) -> Iterator[Figure]:
    for found in _WORD.finditer(text):
        measure, factor = _measure(text, found.end(), found.start(), None)
        amount = _WORDS[found[1].lower()] * factor
        yield Figure(
            found.start(), found.end(), found[0], measure, frozenset({amount}), in_words=True
        )
