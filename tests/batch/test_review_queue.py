"""Which rows come to review, in which order, and how they are found."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batch import review, review_filters, review_sample
from batch.flags import Flag
from batch.jobs import Job
from batch.review_filters import Reason
from batch.review_queue import Filter, Place, State, find
from batch.review_rows import load
from batch.reviewed import DIFFERS, UNSURE
from core.db import Database
from core.settings import Settings
from tests.batch.reviewing import NOT_THERE, reviewed_job, reviewer, tent, value
from tests.conftest import on_both

COLOR, BRAND = Flag("color", NOT_THERE), Flag("brand", "Two brands are named")


@pytest.fixture
def first(settings: Settings, db: Database) -> Job:
    return reviewed_job(settings, db, [tent(number) for number in range(1, 9)])


@pytest.fixture
def job(settings: Settings, db: Database, first: Job) -> Job:
    """The second version: 2 differs from the first, 3 and 8 are unsure, 5 and 7 are flagged."""
    unsure = value("NAVY", 0.3)
    outcomes = [
        tent(1),
        tent(2, color="Navy"),
        tent(3, color=unsure),
        tent(4, color=value("NAVY", 0.9)),
        tent(5, COLOR, BRAND),
        tent(6),
        tent(7, COLOR, color=unsure),
        tent(8, brand=value("Tarn", 0.4)),
    ]
    types = {6: "Mats"}
    return reviewed_job(settings, db, outcomes, version_of=first, types=types)


def found(settings: Settings, db: Database, job: Job, wanted: Filter) -> list[int]:
    return list(find(settings, db, job, wanted, count=50).row_nos)


@on_both
def test_rows_that_need_a_person_come_first(settings: Settings, db: Database, job: Job) -> None:
    # Flagged, then unsure, then unlike the version before, then the rest.
    assert found(settings, db, job, Filter()) == [5, 7, 3, 8, 2, 1, 4, 6]


@on_both
def test_pages_follow_each_other_through_all_parts(
    settings: Settings, db: Database, job: Job
) -> None:
    place: Place | None = Place()
    pages = []
    while place is not None:
        page = find(settings, db, job, Filter(), place, count=3)
        pages.append(page.row_nos)
        place = page.next
    assert pages == [(5, 7, 3), (8, 2, 1), (4, 6)]


@on_both
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(reason=NOT_THERE), [5, 7]),
        (Filter(reason=BRAND.reason), [5]),
        (Filter(field="brand"), [5, 8]),
        (Filter(field="color"), [5, 7, 3, 2]),
        (Filter(field="color", reason=BRAND.reason), []),
        (Filter(reason=UNSURE), [3, 8]),
        (Filter(field="brand", reason=UNSURE), [8]),
        (Filter(reason=DIFFERS), [2]),
        (Filter(field="brand", reason=DIFFERS), []),
        (Filter(State.ALL), [1, 2, 3, 4, 5, 6, 7, 8]),
        (Filter(State.ALL, reason=NOT_THERE), [5, 7]),
        (Filter(words="tent 3"), [3]),
        (Filter(words="LIGHT navy t7"), [7]),
        (Filter(words="6"), [6]),
        (Filter(words="no such words"), []),
        (Filter(product_type="Mats"), []),
        (Filter(product_type="Tents", reason=NOT_THERE), [5, 7]),
    ],
)
def test_rows_are_found_by_what_is_doubted_and_what_stands_in_them(
    settings: Settings, db: Database, job: Job, wanted: Filter, expected: list[int]
) -> None:
    assert found(settings, db, job, wanted) == expected


def test_rows_are_found_by_their_product_type(settings: Settings, db: Database) -> None:
    outcomes = [tent(1), tent(2, COLOR), tent(3)]
    mixed = reviewed_job(settings, db, outcomes, types={1: "Mats", 2: "Mats"})
    assert found(settings, db, mixed, Filter(product_type="Mats")) == [2, 1]
    assert review_filters.product_types(settings, mixed) == ["Mats", "Tents"]


@on_both
def test_approved_rows_leave_the_queue_and_are_found_as_approved(
    settings: Settings, db: Database, job: Job
) -> None:
    who = reviewer(settings, db, job)
    review.approve(who, load(settings, db, job, [5, 3, 2]))
    assert found(settings, db, job, Filter()) == [7, 8, 1, 4, 6]
    assert found(settings, db, job, Filter(State.APPROVED)) == [2, 3, 5]
    assert found(settings, db, job, Filter(State.APPROVED, words="tent 5")) == [5]
    assert found(settings, db, job, Filter(words="tent 5")) == []


@on_both
def test_what_there_is_to_review_is_counted(settings: Settings, db: Database, job: Job) -> None:
    review.approve(reviewer(settings, db, job), load(settings, db, job, [1]))
    seen = review_filters.overview(db, job)
    assert (seen.flagged, seen.unsure, seen.approved, seen.to_look_at) == (2, 2, 1, 4)
    assert seen.reasons == (
        Reason("color", NOT_THERE, 2),
        Reason("brand", BRAND.reason, 1),
        Reason(None, UNSURE, 2),
        Reason(None, DIFFERS, None),
    )
    assert review_filters.to_look_at(db, job) == 4


def test_counting_stops_where_it_would_take_long(
    settings: Settings, db: Database, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_filters, "MOST_COUNTED", 2)
    assert review_filters.overview(db, job).capped


def test_a_row_says_what_the_version_before_had(settings: Settings, db: Database, job: Job) -> None:
    (second, fourth) = load(settings, db, job, [2, 4])
    (doubt,) = second.doubts()
    assert (doubt.field, doubt.reason, doubt.detail) == (
        "color",
        DIFFERS,
        "version 1 had “NAVY”",
    )
    assert fourth.doubts() == [], "the same value, only better known"


def test_random_rows_stay_the_same_and_are_gone_through_in_their_order(
    settings: Settings, db: Database, job: Job
) -> None:
    order = review_sample.sample(job)
    assert sorted(order) == list(range(1, 9))
    assert found(settings, db, job, Filter(State.RANDOM)) == order
    half = find(settings, db, job, Filter(State.RANDOM), count=4)
    assert half.next is not None
    rest = find(settings, db, job, Filter(State.RANDOM), half.next, count=50)
    assert [*half.row_nos, *rest.row_nos] == order
    review.approve(reviewer(settings, db, job), load(settings, db, job, [order[0]]))
    assert found(settings, db, job, Filter(State.RANDOM)) == order[1:]


@pytest.mark.parametrize("state", [State.OPEN, State.APPROVED])
def test_reviewed_rows_are_found_by_their_index(
    settings: Settings, db: Database, job: Job, state: State
) -> None:
    """A page of a million rows must not look at all of them."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    find(settings, db, job, Filter(state), count=1)
    sa.event.remove(db.engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in asked if "FROM rows" in one[0])
    with db.engine.connect() as connection:
        plan = list(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
    assert "rows_by_review" in str(plan)
