"""A shop for a few minutes: a home of its own, its services, and shelves that are filled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core import ports, products, services
from core.console import say
from core.db import Database, open_database
from core.products import Product
from core.programs import Service
from core.settings import Settings, load_settings
from rag import documents, indexer
from rag.embedding import Embedder
from rag.index import Index

#: Loading a model takes seconds, or minutes on a machine that is busy with other things.
START_TIMEOUT_S = 300.0

#: Told what is done and how many there are.
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TrialShop:
    """Where a trial takes place."""

    settings: Settings
    db: Database


@contextmanager
def trial_shop(
    items: Sequence[Product],
    policies: Path | None,
    needs: Collection[Service],
    advance: Advance,
    **overrides: Any,
) -> Iterator[TrialShop]:
    """Open a shop in a temporary home and fill it; the merchant's own is not touched.

    Args:
        items: The products on sale.
        policies: Folder of policy documents, if there are any.
        needs: Services besides the search server.
        overrides: Settings that differ from those of the environment.

    Raises:
        ServiceError: A service does not start.
        CatalogError: A policy document cannot be read.
    """
    with TemporaryDirectory(prefix="shopkeeper-trial-") as folder:
        apart: dict[str, Any] = {"database": None, "storage": None, "chroma": None}
        settings = load_settings(
            home=Path(folder), services=None, sample_shop=False, **apart, **overrides
        )
        wanted = {Service.CHROMA, *needs}
        try:
            services.ensure(settings, wanted)
            # Said once, however long it takes.
            services.wait_healthy(settings, wanted, START_TIMEOUT_S, cache(say))
            with closing(open_database(settings)) as db:
                _fill(settings, db, items, policies, advance)
                yield TrialShop(settings, db)
        finally:
            services.stop(settings)


def _fill(
    settings: Settings,
    db: Database,
    items: Sequence[Product],
    policies: Path | None,
    advance: Advance,
) -> None:
    products.publish(db, items)
    if policies is not None:
        documents.publish_documents(db, policies)
    with closing(Index(lambda: ports.search_server(settings), Embedder())) as index:
        done = 0
        while left := indexer.count_pending(db):
            advance(done, done + left)
            done += indexer.step(db, index)
