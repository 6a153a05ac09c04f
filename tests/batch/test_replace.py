"""One value replaced in every row that has it."""

from __future__ import annotations

import pytest

from batch import replace, review, undoing
from batch.fields import Field
from batch.jobs import Job
from batch.replace import Count
from batch.review import Reviewer
from batch.review_rows import load
from core.db import Database
from core.errors import JobError, ValueRefused
from core.settings import Settings
from tests.batch.reviewing import FIELDS, reviewed_job, reviewer, tent, texts
from tests.conftest import on_both


def field(name: str) -> Field:
    return next(one for one in FIELDS if one.name == name)


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    """Five rows: three are NAVY, one is red, one has no colour."""
    outcomes = [
        tent(1),
        tent(2, color="red", capacity=4.5, waterproof=True),
        tent(3, tags=["tent", "Camping"]),
        tent(4, waterproof=True),
        tent(5, color=None, tags=["camping", "camp"]),
    ]
    return reviewed_job(settings, db, outcomes)


@pytest.fixture
def ann(settings: Settings, db: Database, job: Job) -> Reviewer:
    return reviewer(settings, db, job)


@on_both
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("color", [Count("NAVY", 3), Count("red", 1)]),
        ("capacity", [Count(2.0, 4), Count(4.5, 1)]),
        ("waterproof", [Count(True, 2)]),
        ("audience", []),
    ],
)
def test_the_values_of_a_field_are_counted_the_commonest_first(
    db: Database, job: Job, name: str, expected: list[Count]
) -> None:
    assert replace.counts(db, job, field(name)) == expected


@on_both
def test_the_items_of_lists_are_counted_one_by_one(db: Database, job: Job) -> None:
    found = {one.value: one.rows for one in replace.counts(db, job, field("tags"))}
    assert found == {"tent": 4, "camping": 4, "Camping": 1, "camp": 1}


@on_both
def test_a_value_is_replaced_everywhere_and_undone_as_one(
    ann: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replace, "PIECE", 2)
    monkeypatch.setattr(undoing, "PIECE", 2)
    told: list[int] = []
    assert replace.having(ann.db, ann.job, field("color"), "NAVY", count=9) == [1, 3, 4]
    assert replace.replace(ann, field("color"), "NAVY", " Navy ", told.append) == 3
    assert told[-1] == 3
    assert [texts(ann, number).get("color") for number in range(1, 6)] == [
        "Navy",
        "red",
        "Navy",
        "Navy",
        None,
    ]
    done = undoing.last(ann)
    assert done is not None
    assert done.rows == 3
    steps: list[tuple[int, int]] = []
    undone = undoing.undo(ann, lambda at, of: steps.append((at, of)))
    assert undone is not None
    assert undone.row_nos == (1, 3, 4)
    assert steps[-1] == (3, 3)
    assert [texts(ann, number).get("color") for number in (1, 3, 4)] == ["NAVY"] * 3
    assert undoing.last(ann) is None


@on_both
def test_an_item_is_replaced_in_lists_and_never_twice_in_one(ann: Reviewer) -> None:
    assert replace.replace(ann, field("tags"), "camping", "camp") == 4
    assert texts(ann, 5)["tags"] == "camp"
    assert texts(ann, 1)["tags"] == "tent, camp"


def test_a_value_can_be_cleared_everywhere(ann: Reviewer) -> None:
    assert replace.replace(ann, field("color"), "NAVY", "") == 3
    assert "color" not in texts(ann, 1)


def test_the_new_value_has_to_fit_its_field(ann: Reviewer) -> None:
    with pytest.raises(ValueRefused, match="“capacity” takes one number"):
        replace.replace(ann, field("capacity"), 2.0, "2 or 3")
    with pytest.raises(ValueRefused, match="has this value already"):
        replace.replace(ann, field("color"), "NAVY", "NAVY")
    with pytest.raises(ValueRefused, match="is required"):
        replace.replace(ann, field("brand"), "Tarn", "")
    with pytest.raises(JobError, match="No row has this value"):
        replace.replace(ann, field("color"), "teal", "Teal")


def test_only_this_job_is_changed(settings: Settings, db: Database, ann: Reviewer) -> None:
    other = reviewed_job(settings, db, [tent(1)])
    replace.replace(ann, field("color"), "NAVY", "Navy")
    assert texts(reviewer(settings, db, other), 1)["color"] == "NAVY"


def test_a_bulk_change_that_somebody_corrected_since_is_undone_around_that(
    settings: Settings, db: Database, ann: Reviewer
) -> None:
    replace.replace(ann, field("color"), "NAVY", "Navy")
    bob = reviewer(settings, db, ann.job, "bob")
    (third,) = load(settings, db, ann.job, [3])
    review.edit(bob, third, {"color": "Dark blue"})
    undone = undoing.undo(ann)
    assert undone is not None
    assert (undone.row_nos, undone.left) == ((1, 4), (3,))
    assert texts(ann, 3)["color"] == "Dark blue"


@on_both
def test_names_and_values_may_hold_anything(settings: Settings, db: Database) -> None:
    odd = Field(name='Größe "in" $.a\'b')
    outcomes = [tent(1, **{odd.name: 'é "x"'}), tent(2, **{odd.name: "50 %"})]
    job = reviewed_job(settings, db, outcomes, fields=(odd,))
    who = reviewer(settings, db, job)
    assert {one.value for one in replace.counts(db, job, odd)} == {'é "x"', "50 %"}
    assert replace.replace(who, odd, 'é "x"', "E") == 1
    assert texts(who, 1)[odd.name] == "E"
