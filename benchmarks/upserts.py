"""Publishes and indexes changes at a steady pace: ``python -m benchmarks.upserts --home DIR``.

What a worker does to a shop while people search it. Each second 50 products
get a new price and stock; 5 of them also another description, which is
embedded for real: embedding 50 a second would take both of two cores.
Prints a line for each second's work, until it is stopped.
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from core import ports, products
from core.db import Database, open_database
from core.products import Product
from core.settings import load_settings
from rag import indexer
from rag.embedding import Embedder
from rag.index import Index

EACH_SECOND = 50
REWRITTEN = 5


def main() -> None:
    """Work until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    settings = load_settings(home=parser.parse_args().home)
    chance = random.Random(9)
    with (
        closing(open_database(settings)) as db,
        closing(Index(lambda: ports.search_server(settings), Embedder())) as index,
    ):
        ids = [item.id for item in products.iterate(db)]
        due = time.monotonic()
        while True:
            products.publish(db, _changed(db, chance.sample(ids, EACH_SECOND), chance))
            taken = indexer.step(db, index)
            due += 1.0
            print(f"{taken} products, {due - time.monotonic():.2f} s to spare", flush=True)
            time.sleep(max(0.0, due - time.monotonic()))


def _changed(db: Database, ids: list[str], chance: random.Random) -> list[Product]:
    items = products.get(db, ids).values()
    priced = [
        replace(
            item,
            price=Decimal(chance.randrange(300, 60_000)) / 100,
            stock=chance.randrange(0, 80),
        )
        for item in items
    ]
    rewritten = [
        replace(item, description=f"{item.description} Edition {chance.random()}.")
        for item in priced[:REWRITTEN]
    ]
    return rewritten + priced[REWRITTEN:]


if __name__ == "__main__":
    main()
