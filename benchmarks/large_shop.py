"""A shop of any size with typed metadata, the same at every run, and its vectors made cheaply.

Embedding 100,000 texts would take most of an hour. So the kinds of products
(such as "waterproof hiking boots") and the looks (such as "navy leather") are
embedded for real, and a product's vector is put together from those of its
kind and its look, with some noise of its own. Vectors of alike products are
then near each other, as real ones are; what questions ask is embedded for real.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core import products
from core.db import Database, upsert
from core.products import Product
from core.shop_tables import vectors as table
from core.values import Value
from rag.embedding import DIMENSIONS, Embedder
from rag.things import product_thing
from rag.vectors import text_key


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]


NOUNS = _names("""
tent, hiking boots, running shoes, rain jacket, down jacket, sleeping bag, backpack, kettle,
frying pan, chef's knife, bread bin, espresso machine, desk lamp, office chair, bookshelf, sofa,
armchair, dining table, coffee table, bed frame, mattress, pillow, duvet, rug, curtain, mirror,
headphones, speaker, keyboard, monitor stand, bicycle helmet, bicycle light, yoga mat, dumbbell,
tennis racket, football, swim goggles, snorkel, fishing rod, garden hose, lawn mower, watering
can, plant pot, drill, hammer, screwdriver set, toolbox, ladder, paint roller, dog bed, cat
tree, bird feeder, puzzle, board game, wooden train, doll house, stroller, baby carrier, watch,
wallet
""")
QUALITIES = _names("""
waterproof, lightweight, folding, insulated, heavy duty, compact, ergonomic, adjustable,
organic, handmade, cordless, rechargeable, quiet, non-slip, breathable, padded, stackable, wall
mounted, extra large, mini, retro, minimalist, rustic, industrial, outdoor, travel, beginner,
professional, children's, women's, men's, winter, summer, low noise, quick drying, double
walled, reflective, scratch resistant, fair trade, recycled
""")
COLOURS = _names("""
black, white, navy, red, moss green, yellow, grey, beige, teal, orange, purple, brown
""")
MATERIALS = _names("""
leather, cotton, steel, aluminium, oak, bamboo, plastic, wool, nylon, glass, ceramic
""")
DEPARTMENTS = _names("""
Camping, Kitchen, Furniture, Bedroom, Electronics, Sport, Garden, Tools, Pets, Toys
""")
BRANDS = 200
OWN_NOISE = 0.35
#: How much a product's vector owes to its kind and to its look.
KIND, LOOK = 1.0, 0.35
BLOCK = 5000


def shop(count: int, seed: int = 11) -> Iterator[Product]:
    """Products with a price, a stock, a department and five extracted values."""
    chance = random.Random(seed)
    for number in range(count):
        yield product(number, chance)


def product(number: int, chance: random.Random) -> Product:
    """One of them."""
    noun, quality = chance.choice(NOUNS), chance.choice(QUALITIES)
    colour, material = chance.choice(COLOURS), chance.choice(MATERIALS)
    brand = f"Brand{chance.randrange(BRANDS):03}"
    title = f"{brand} {quality} {noun}, {colour} {material}"
    return Product(
        f"p{number:07}",
        title,
        f"{quality.capitalize()} {noun} in {colour} {material}. Model {number}, made to last and "
        f"tested by people who use a {noun} every day.",
        price=Decimal(chance.randrange(300, 60_000)) / 100,
        currency="USD",
        stock=max(0, chance.randrange(-20, 80)),
        department=DEPARTMENTS[NOUNS.index(noun) % len(DEPARTMENTS)],
        values={
            "brand": Value(brand),
            "product_type": Value(noun),
            "colour": Value(colour),
            "material": Value(material),
            "weight": Value(chance.randrange(1, 300) / 10, unit="kg"),
        },
    )


def questions(count: int, seed: int = 5) -> list[str]:
    """What shoppers ask of such a shop, each of them different."""
    chance = random.Random(seed)
    asked: dict[str, None] = {}
    while len(asked) < count:
        noun, quality = chance.choice(NOUNS), chance.choice(QUALITIES)
        look = chance.choice(
            (f" in {chance.choice(COLOURS)}", f" of {chance.choice(MATERIALS)}", "")
        )
        opening = chance.choice(("", "Do you have a ", "I am looking for a ", "Which is the best "))
        asked[f"{opening}{quality} {noun}{look}?"] = None
    return list(asked)


class CheapVectors:
    """Makes products' vectors from those of their kind and look."""

    def __init__(self, embedder: Embedder) -> None:
        kinds = [f"{quality} {noun}" for noun in NOUNS for quality in QUALITIES]
        looks = [f"{colour} {material}" for colour in COLOURS for material in MATERIALS]
        self._kinds = dict(zip(kinds, _embedded(embedder, kinds), strict=True))
        self._looks = dict(zip(looks, _embedded(embedder, looks), strict=True))
        self._noise = np.random.default_rng(3)

    def store(self, db: Database, items: Sequence[Product]) -> None:
        """Keep the vectors of some products where the indexer finds them."""
        noise = self._noise.standard_normal((len(items), DIMENSIONS)) / np.sqrt(DIMENSIONS)
        made = OWN_NOISE * noise
        for row, item in enumerate(items):
            kind, look = self._parts(item)
            made[row] += KIND * self._kinds[kind] + LOOK * self._looks[look]
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        keys = [text_key(product_thing(item).embedded) for item in items]
        rows = [
            {"text_key": key, "vector": vector.tobytes(), "created_at": time.time()}
            for key, vector in dict(zip(keys, made.astype(np.float16), strict=True)).items()
        ]
        with db.write() as connection:
            upsert(connection, table, rows)

    def _parts(self, item: Product) -> tuple[str, str]:
        values = {name: value.text() for name, value in item.values.items()}
        quality = item.title.removeprefix(f"{values['brand']} ").partition(values["product_type"])[
            0
        ]
        return quality + values["product_type"], f"{values['colour']} {values['material']}"


def publish(db: Database, embedder: Embedder, count: int) -> None:
    """Put the whole shop on sale, with its vectors; what is there already stays as it is."""
    made, items, there = CheapVectors(embedder), shop(count), products.count(db)
    while block := list(islice(items, BLOCK)):
        if there < count:
            products.publish(db, block)
        made.store(db, block)


def _embedded(embedder: Embedder, texts: list[str]) -> NDArray[np.float64]:
    return np.asarray(embedder.embed_documents(texts))
