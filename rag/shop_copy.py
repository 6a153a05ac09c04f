"""The shop as it would be with a release on sale: a copy of its tables, to be asked questions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from core import release_steps, releases
from core.db import Database, open_database
from core.releases import OnStep
from core.settings import load_settings
from core.shop_tables import documents, facts, products, release_products, vectors
from core.shop_tables import releases as release_table

#: What a counter reads.
COPIED = (products, facts, documents, vectors)
ROWS = 2_000


@contextmanager
def as_it_would_be(
    db: Database, release_id: str, on_step: OnStep = lambda done: None
) -> Iterator[Database]:
    """The tables of the shop with a release switched to, for as long as they are looked at.

    Args:
        db: The shop's tables, which stay as they are.
        release_id: The release.
        on_step: Told how many rows are copied by now.

    Raises:
        NotFoundError: There is no such release.
    """
    releases.get(db, release_id)
    with tempfile.TemporaryDirectory(prefix="shopkeeper-preview-") as folder:
        home = Path(folder)
        settings = load_settings(home=home, database=f"sqlite:///{home / 'preview.db'}")
        with closing(open_database(settings)) as copy:
            _copy(db, copy, release_id, on_step)
            release_steps.switch(copy, release_id)
            yield copy


def _copy(db: Database, copy: Database, release_id: str, on_step: OnStep) -> None:
    done = 0
    of_release = {
        release_table: release_table.c.id == release_id,
        release_products: release_products.c.release_id == release_id,
    }
    for table in (*COPIED, *of_release):
        rows = table.select().where(of_release.get(table, sa.true()))
        with db.read() as connection:
            streamed = connection.execution_options(yield_per=ROWS).execute(rows)
            for block in streamed.mappings().partitions():
                with copy.write() as written:
                    written.execute(table.insert(), [dict(row) for row in block])
                done += len(block)
                on_step(done)
