"""A small shop of clothes, tents, kettles and electronics, and the words that it knows them by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from core.facts import Fact, facts_of
from core.products import Product
from core.values import Scalar, Value
from rag.query import FieldFacts
from rag.shop_words import keys_of


class Shop:
    """Facets of some products."""

    def __init__(self, products: Iterable[Product], version: int = 1) -> None:
        products = list(products)
        self.version = version
        self._titles = [keys_of(product.title) for product in products]
        found: dict[str, list[Fact]] = defaultdict(list)
        for product in products:
            for fact in facts_of(product):
                found[fact.field].append(fact)
        self._fields = {name: _field(name, facts) for name, facts in found.items()}

    def fields(self) -> Mapping[str, FieldFacts]:
        return self._fields

    def titled(self, word: str) -> int:
        return sum(word in title for title in self._titles)


def _field(name: str, facts: list[Fact]) -> FieldFacts:
    numbers = [fact.number for fact in facts if fact.number is not None]
    return FieldFacts(
        name,
        texts=Counter(fact.text for fact in facts if fact.text),
        shown={fact.text: fact.shown for fact in facts if fact.text},
        numbers=len(numbers),
        low=min(numbers, default=None),
        high=max(numbers, default=None),
        units=frozenset(fact.unit for fact in facts if fact.number is not None),
    )


def product(
    id: str,
    title: str,
    price: float,
    department: str,
    units: Mapping[str, str] | None = None,
    **values: Scalar,
) -> Product:
    """One product; ``units`` by field name."""
    return Product(
        id,
        title,
        price=Decimal(str(price)),
        currency="USD",
        stock=5,
        department=department,
        values={name: Value(value, unit=(units or {}).get(name)) for name, value in values.items()},
    )


KG, LITRES = {"weight_kg": "kg"}, {"capacity": "l"}
_CLOTHES = [
    product(
        f"c{at}",
        f"{brand} {kind}",
        40 + 20 * at,
        "Clothing",
        product_type=kind,
        brand=brand,
        colour=[colour],
        material=material,
        audience=who,
        waterproof=at % 2 == 0,
        fit=["slim", "regular", "loose"][at % 3],
        size=["EU 36-42", "S to XXL", "S, M, L", "One size"][at % 4],
    )
    for at, (kind, brand, colour, material, who) in enumerate(
        [
            ("boot", "Tarnwick", "navy blue", "leather", "women"),
            ("boot", "Tarnwick", "black", "leather", "men"),
            ("hiking boot", "Strideholm", "red", "nubuck leather", "women"),
            ("jacket", "Kestrel Fell", "light blue", "recycled nylon", "men"),
            ("jacket", "Tarnwick", "bottle green", "waxed cotton", "unisex"),
            ("dress", "Stone", "stone", "linen", "women"),
            ("t-shirt", "Wolden", "white", "organic cotton", "kids"),
            ("jumper", "Wolden", "dark grey", "wool", "unisex"),
        ]
    )
]
_TENTS = [
    product(
        f"t{at}",
        f"Halden {sleeps}",
        150 + 100 * at,
        "Outdoor & Camping",
        KG,
        product_type="tent",
        brand="Tarnwick",
        colour=["moss green"],
        weight_kg=weight,
        sleeps=float(sleeps),
        waterproof=True,
    )
    for at, (sleeps, weight) in enumerate([(1, 1.2), (2, 2.9), (4, 5.1), (6, 17.4)])
]
_KETTLES = [
    product(
        f"k{at}",
        f"Brasswell Kettle {litres}",
        30 + 30 * at,
        "Kitchen",
        LITRES,
        product_type="kettle",
        brand="Brasswell",
        colour=["cream"],
        capacity=litres,
        temperature_control=at == 1,
        dishwasher_safe=False,
    )
    for at, litres in enumerate([1.0, 1.7, 2.0])
]
_ELECTRONICS = [
    product(
        "e1",
        "Hushbird Quiet One",
        199,
        "Electronics",
        {"battery": "h", "screen_size": "in"},
        product_type="headphones",
        brand="Hushbird",
        wireless=True,
        noise_cancelling=True,
        battery=38.0,
    ),
    product(
        "e2",
        "Tindrel Tablet",
        349,
        "Electronics",
        {"battery": "h", "screen_size": "in", "power": "W"},
        product_type="tablet",
        brand="Tindrel",
        screen_size=15.6,
        battery=12.0,
        power=65.0,
    ),
    product(
        "e3",
        "Dewlark Sunscreen",
        28,
        "Beauty & Care",
        {"age_from": "years"},
        product_type="sunscreen",
        brand="Dewlark",
        spf=50.0,
        age_from=3.0,
    ),
]
PRODUCTS = [*_CLOTHES, *_TENTS, *_KETTLES, *_ELECTRONICS]
SMALL = Shop(PRODUCTS)
