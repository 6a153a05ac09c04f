"""The lessons that rows of a job have from the demonstrations in our tables."""

from __future__ import annotations

import sqlalchemy as sa

from batch.lessons import Lessons
from core.db import Database
from core.nearest import SHOWABLE, open_nearest, showable
from core.review_tables import demonstrations
from core.settings import Settings


def open_lessons(settings: Settings, db: Database, *, learns: bool = True) -> Lessons | None:
    """What rows may learn now; None where there is nothing to learn from.

    Args:
        settings: Names the search index, and says how many demonstrations a row is shown.
        db: Our tables.
        learns: Whether the rows are to learn at all.
    """
    if not learns:
        return None
    with db.read() as connection:
        there = connection.execute(sa.select(demonstrations.c.id).where(SHOWABLE).limit(1)).first()
    if there is None:
        return None
    nearest = open_nearest(settings, db)
    return Lessons(lambda kind: showable(db, kind), nearest, shown=settings.examples)
