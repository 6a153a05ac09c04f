"""Random products and conditions on them, alike enough to meet."""

from __future__ import annotations

import random
from decimal import Decimal

from core.facts import Filter
from core.products import Product
from core.values import Value

COLOURS = ("Navy", "navy", "Émeraude", "burnt-orange", "White")
TEXTS = ("navy", "emeraude", "burnt orange", "warm", "light", "new in", "yes", "m", "kitchen")
FIELDS = ("price", "stock", "department", "colour", "weight", "tags", "dry", "size")


def random_product(dice: random.Random, number: int) -> Product:
    values = {
        "colour": Value(dice.choice(COLOURS)),
        "weight": Value(float(dice.randint(1, 5)), unit=dice.choice(("kg", "kg", "lb"))),
        "tags": Value(dice.sample(("warm", "Light", "new in"), dice.randint(0, 3))),
        "dry": Value(dice.random() < 0.5),
        "size": Value(dice.choice(("M", "L")) if dice.random() < 0.5 else 42.0),
    }
    price = dice.choice((None, Decimal("9.99"), Decimal("20"), Decimal("20"), Decimal("49.5")))
    return Product(
        f"P{number:03}",
        "A thing",
        price=price,
        currency=dice.choice((None, "USD", "EUR")) if price else None,
        stock=dice.choice((None, 0, 1, 7)),
        department=dice.choice((None, "Home & Garden", "Kitchen")),
        values={name: value for name, value in values.items() if dice.random() < 0.6},
    )


def random_filter(dice: random.Random) -> Filter:
    numbers = (None, 0.0, 1.0, 3.0, 9.99, 20.0, 42.0)
    limits = sorted(dice.sample(numbers, 2), key=lambda limit: limit or 0.0)
    field = dice.choice(FIELDS)
    ranged = dice.random() < (0.8 if field in ("price", "stock", "weight", "size") else 0.1)
    return Filter(
        field,
        texts=() if ranged else tuple(dice.sample(TEXTS, dice.choice((0, 4, 6)))),
        low=limits[0] if ranged else None,
        high=limits[1] if ranged else None,
        strict=dice.random() < 0.3,
        unit=dice.choice(("", "", "kg", "USD")),
        negated=dice.random() < 0.25,
    )
