"""How right the model was, as far as people have approved rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from batch import accuracy, review, review_sample
from batch.flags import Flag
from batch.jobs import Job
from batch.review import Reviewer
from batch.review_rows import load
from core.db import Database
from core.review_tables import demonstrations
from core.settings import Settings
from core.values import Origin, Value
from tests.batch.reviewing import NOT_THERE, reviewed_job, reviewer, tent
from tests.conftest import on_both


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    return reviewed_job(settings, db, [tent(1, Flag("color", NOT_THERE)), *map(tent, range(2, 7))])


@pytest.fixture
def ann(settings: Settings, db: Database, job: Job) -> Reviewer:
    return reviewer(settings, db, job)


def approve(who: Reviewer, *row_nos: int) -> None:
    review.approve(who, load(who.settings, who.db, who.job, row_nos))


def correct(who: Reviewer, row_no: int, **changes: object) -> None:
    (row,) = load(who.settings, who.db, who.job, [row_no])
    review.edit(who, row, changes)


@on_both
def test_a_field_is_as_right_as_approved_rows_say(ann: Reviewer) -> None:
    correct(ann, 1, color="Navy")
    correct(ann, 2, color=None, tags=["camping", "tent"])
    correct(ann, 3, color="red")
    approve(ann, 1, 2, 5)
    found = accuracy.of_approved(ann.db, ann.job)
    assert (found.rows, found.flagged) == (3, 1)
    rights = {one.field: (one.right, one.rows) for one in found.fields}
    assert rights["color"] == (1, 3)
    assert rights["tags"] == (3, 3), "the order of a list is no mistake"
    assert rights["waterproof"] == (3, 3), "nothing was right, too"


def test_the_interval_is_wilsons() -> None:
    # 8 of 10: the textbook's 0.490 to 0.943.
    low, high = accuracy.interval(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert accuracy.interval(10, 10)[1] == 1.0


def test_nothing_is_said_before_anything_is_approved(ann: Reviewer) -> None:
    assert accuracy.of_approved(ann.db, ann.job).fields == ()
    assert accuracy.of_random(ann.db, ann.job).fields == ()


def test_random_rows_count_up_to_the_first_that_was_skipped(ann: Reviewer) -> None:
    first, second, third, *_ = review_sample.sample(ann.job)
    approve(ann, first, third)
    assert accuracy.of_random(ann.db, ann.job).rows == 1
    approve(ann, second)
    assert accuracy.of_random(ann.db, ann.job).rows == 3


def test_what_a_person_had_said_before_is_not_counted_for_the_model(
    settings: Settings, db: Database
) -> None:
    known = replace(tent(1), values={"color": Value("Navy", Origin.HUMAN)})
    who = reviewer(settings, db, reviewed_job(settings, db, [known]))
    approve(who, 1)
    assert "color" not in {one.field for one in accuracy.of_approved(db, who.job).fields}


@on_both
def test_approved_rows_are_what_the_model_is_taught(ann: Reviewer) -> None:
    correct(ann, 1, color="Navy")
    approve(ann, 1)
    answer = sa.select(demonstrations.c.answer).where(~demonstrations.c.deleted)
    with ann.db.read() as connection:
        assert connection.execute(answer).scalar_one()["color"] == "Navy"
    correct(ann, 1, color="Blue")
    with ann.db.read() as connection:
        assert connection.execute(answer).scalar_one()["color"] == "Blue"
    (row,) = load(ann.settings, ann.db, ann.job, [1])
    review.reopen(ann, row)
    with ann.db.read() as connection:
        assert connection.execute(answer).first() is None
