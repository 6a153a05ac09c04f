from __future__ import annotations

import random

import numpy as np

from core.facts import Fact, Filter, Order, admits
from rag.fact_arrays import FactArrays

TEXTS = ("red", "blue", "moss green", "green")
UNITS = ("", "kg", "g")
NUMBERS = (None, 0.0, 1.0, 2.5, 19.99, 20.0)


def some_fact(chance: random.Random) -> Fact:
    field = chance.choice(("colour", "weight", "price"))
    if chance.random() < 0.4:
        text = chance.choice(TEXTS)
        return Fact(field, text=text, shown=text.title())
    return Fact(field, number=chance.choice(NUMBERS[1:]), unit=chance.choice(UNITS))


def some_filter(chance: random.Random) -> Filter:
    texts = tuple(chance.sample((*TEXTS, "unheard of"), chance.choice((0, 0, 1, 2))))
    return Filter(
        chance.choice(("colour", "weight", "price", "no such field")),
        texts=texts,
        low=chance.choice(NUMBERS),
        high=chance.choice(NUMBERS),
        strict=chance.random() < 0.3,
        unit=chance.choice(UNITS),
        negated=chance.random() < 0.3,
    )


def mask(rows: int, *gone: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    alive = np.ones(rows, bool)
    alive[list(gone)] = False
    return alive


def test_arrays_admit_what_plain_evaluation_admits_through_all_changes() -> None:
    chance = random.Random(7)
    arrays = FactArrays()
    known: dict[int, list[Fact]] = {}
    for _ in range(60):
        changed = {
            chance.randrange(80): [some_fact(chance) for _ in range(chance.randrange(5))]
            for _ in range(chance.randrange(1, 12))
        }
        known |= changed
        arrays.replace(changed, 80)
        for _ in range(20):
            filters = [some_filter(chance) for _ in range(chance.randrange(1, 3))]
            expected = [row for row in range(80) if admits(filters, known.get(row, []))]
            assert np.flatnonzero(arrays.admitted(filters, mask(80))).tolist() == expected, filters
        assert summed(arrays) == summed_plainly(known)


def summed(arrays: FactArrays) -> dict[str, object]:
    return {
        name: (dict(one.texts), one.numbers, one.low, one.high, one.units)
        for name, one in arrays.fields().items()
    }


def summed_plainly(known: dict[int, list[Fact]]) -> dict[str, object]:
    facts = [fact for some in known.values() for fact in dict.fromkeys(some)]
    summed: dict[str, object] = {}
    for name in {fact.field for fact in facts}:
        texts: dict[str, int] = {}
        mine = [fact for fact in facts if fact.field == name]
        for fact in mine:
            if fact.text:
                texts[fact.text] = texts.get(fact.text, 0) + 1
        numbers = [fact.number for fact in mine if fact.number is not None]
        units = frozenset(fact.unit for fact in mine if fact.unit)
        low, high = min(numbers, default=None), max(numbers, default=None)
        summed[name] = (texts, len(numbers), low, high, units)
    return summed


def test_version_rises_only_when_words_come_or_go() -> None:
    arrays = FactArrays()
    red = Fact("colour", text="red", shown="Red")
    arrays.replace({0: [red], 1: [red, Fact("price", number=5.0, unit="USD")]}, 2)
    first = arrays.version
    arrays.replace({1: [red, Fact("price", number=7.0, unit="USD")]}, 2)
    assert arrays.version == first
    arrays.replace({1: [red, Fact("price", number=7.0, unit="EUR")]}, 2)
    assert arrays.version == first + 1
    arrays.replace({0: [], 1: []}, 2)
    assert (arrays.version, arrays.fields()) == (first + 2, {})


def test_text_is_shown_as_it_is_written_somewhere() -> None:
    arrays = FactArrays()
    arrays.replace({0: [Fact("colour", text="red", shown="Réd")]}, 1)
    assert arrays.fields()["colour"].shown == {"red": "Réd"}


def test_rows_without_the_number_come_last_either_way() -> None:
    arrays = FactArrays()
    arrays.replace({0: [], 1: [Fact("price", number=9.0)], 2: [Fact("price", number=3.0)]}, 3)
    rows = np.arange(3)
    assert arrays.first(rows, Order("price"), 3).tolist() == [2, 1, 0]
    assert arrays.first(rows, Order("price", descending=True), 3).tolist() == [1, 2, 0]
    assert arrays.first(rows, Order("weight"), 3).tolist() == [0, 1, 2]


def test_rows_that_are_gone_meet_nothing() -> None:
    arrays = FactArrays()
    arrays.replace({0: [], 1: []}, 2)
    unknown = Filter("colour", texts=("red",), negated=True)
    assert arrays.admitted([unknown], mask(2, 1)).tolist() == [True, False]
    assert arrays.admitted([], mask(2, 0)).tolist() == [False, True]
