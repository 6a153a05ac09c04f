"""Correcting and approving rows, alone and beside others, and undoing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from batch import downloads, jobs, memory, publish, retry, review, rows, undoing
from batch.corrections import Kind
from batch.download_forms import Form
from batch.flags import Flag
from batch.inputs import Inputs
from batch.jobs import Job
from batch.ranges import Shard
from batch.review import Reviewer
from batch.review_rows import load
from batch.reviewed import ReviewRow
from batch.submission import submit
from core import products
from core.db import Database
from core.errors import JobError, Overtaken, ValueRefused
from core.schema import rows as rows_table
from core.settings import Settings
from core.statuses import Review
from core.values import Origin
from tests.batch.reviewing import NOT_THERE, reviewed_job, reviewer, tent, texts
from tests.conftest import on_both

FLAG = Flag("color", NOT_THERE)


@pytest.fixture
def job(settings: Settings, db: Database) -> Job:
    """Three tents: one with a flag."""
    return reviewed_job(settings, db, [tent(1, FLAG), tent(2), tent(3)])


@pytest.fixture
def ann(settings: Settings, db: Database, job: Job) -> Reviewer:
    return reviewer(settings, db, job)


@pytest.fixture
def bob(settings: Settings, db: Database, job: Job) -> Reviewer:
    return reviewer(settings, db, job, "bob")


def seen(who: Reviewer, row_no: int) -> ReviewRow:
    (row,) = load(who.settings, who.db, who.job, [row_no])
    return row


def all_of(who: Reviewer, row_nos: Sequence[int]) -> list[ReviewRow]:
    return load(who.settings, who.db, who.job, row_nos)


@on_both
def test_a_correction_is_kept_as_a_persons_beside_what_the_model_gave(ann: Reviewer) -> None:
    assert review.edit(ann, seen(ann, 1), {"color": "Navy"})
    row = seen(ann, 1)
    assert (row.result.values["color"].value, row.result.values["color"].origin) == (
        "Navy",
        Origin.HUMAN,
    )
    assert row.extracted is not None
    assert row.extracted["color"].value == "NAVY"
    assert row.changed == {"color"}
    assert row.doubts() == [], "the doubt was about what has been corrected"


@on_both
def test_a_cleared_value_is_a_judgement_too(ann: Reviewer) -> None:
    review.edit(ann, seen(ann, 2), {"color": "  ", "tags": []})
    assert texts(ann, 2) == {"brand": "Tarn", "capacity": "2"}
    assert seen(ann, 2).changed == {"color", "tags"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"capacity": "two or 3 or 4"}, "“capacity” takes one number"),
        ({"waterproof": "maybe"}, "“waterproof” takes yes or no"),
        ({"audience": "cats"}, "“audience” takes one of women, men, kids"),
        ({"tags": [str(number) for number in range(9)]}, "“tags” takes at most 8 texts"),
        ({"brand": ""}, "“brand” is required"),
        ({"brand": " n/a "}, "“brand” is required"),
    ],
)
def test_a_value_that_its_field_does_not_take_is_refused(
    ann: Reviewer, changes: dict[str, Any], says: str
) -> None:
    before = texts(ann, 1)
    with pytest.raises(ValueRefused, match=says):
        review.edit(ann, seen(ann, 1), changes)
    assert texts(ann, 1) == before


def test_a_field_that_a_row_does_not_have_is_named_with_those_it_has(ann: Reviewer) -> None:
    with pytest.raises(JobError, match=r"no field “colour” in row 1: brand, color"):
        review.edit(ann, seen(ann, 1), {"colour": "red"})


def test_typed_values_become_what_their_field_holds(ann: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"capacity": "12,5 l", "waterproof": "yes", "audience": "KIDS"})
    values = seen(ann, 1).result.values
    assert [values[name].value for name in ("capacity", "waterproof", "audience")] == [
        12.5,
        True,
        "kids",
    ]


def test_typing_what_the_model_had_found_takes_a_correction_back(ann: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    review.edit(ann, seen(ann, 1), {"color": "NAVY"})
    row = seen(ann, 1)
    assert row.extracted is None
    assert row.result.values["color"].origin is Origin.INFERRED
    assert [one.reason for one in row.doubts()] == [NOT_THERE]


def test_nothing_is_noted_where_nothing_changes(ann: Reviewer) -> None:
    assert not review.edit(ann, seen(ann, 1), {"color": " NAVY ", "waterproof": None})
    assert undoing.last(ann) is None


@on_both
def test_rows_are_approved_together_and_reopened(ann: Reviewer) -> None:
    assert review.approve(ann, all_of(ann, [1, 2])).row_nos == (1, 2)
    assert [row.approved for row in all_of(ann, [1, 2, 3])] == [True, True, False]
    assert seen(ann, 1).reviewed_by == "ann"
    assert review.reopen(ann, seen(ann, 1))
    assert seen(ann, 1).result.review is Review.FLAGGED
    assert not review.reopen(ann, seen(ann, 1))


@on_both
def test_what_somebody_else_has_changed_is_not_overwritten(ann: Reviewer, bob: Reviewer) -> None:
    of_ann, of_bob = seen(ann, 1), seen(bob, 1)
    review.edit(ann, of_ann, {"color": "Navy"})
    with pytest.raises(Overtaken, match="changed “color” of row 1") as raised:
        review.edit(bob, of_bob, {"color": "Dark blue"})
    assert raised.value.row_no == 1
    assert texts(ann, 1)["color"] == "Navy"
    review.edit(bob, seen(bob, 1), {"color": "Dark blue"})
    assert texts(ann, 1)["color"] == "Dark blue"


@on_both
def test_two_people_correct_different_values_of_a_row(ann: Reviewer, bob: Reviewer) -> None:
    of_ann, of_bob = seen(ann, 1), seen(bob, 1)
    review.edit(ann, of_ann, {"color": "Navy"})
    review.edit(bob, of_bob, {"capacity": 4})
    found = texts(ann, 1)
    assert (found["color"], found["capacity"]) == ("Navy", "4")


@on_both
def test_nobody_approves_what_they_have_not_seen(ann: Reviewer, bob: Reviewer) -> None:
    of_bob = all_of(bob, [1, 2])
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    approved = review.approve(bob, of_bob)
    assert (approved.row_nos, approved.overtaken) == ((2,), (1,))


def test_a_row_that_was_approved_meanwhile_is_not_changed_unseen(
    ann: Reviewer, bob: Reviewer
) -> None:
    of_bob = seen(bob, 1)
    review.approve(ann, all_of(ann, [1]))
    with pytest.raises(Overtaken, match="reviewed row 1"):
        review.edit(bob, of_bob, {"color": "Dark blue"})


@on_both
def test_acts_are_undone_one_after_the_other(ann: Reviewer) -> None:
    before = seen(ann, 1)
    review.edit(ann, before, {"color": "Navy", "capacity": None})
    review.edit(ann, seen(ann, 1), {"color": "Blue"})
    review.approve(ann, all_of(ann, [1, 2]))
    done = undoing.last(ann)
    assert done is not None
    assert (done.kind, done.rows) == (Kind.APPROVE, 2)
    undone = undoing.undo(ann)
    assert undone is not None
    assert (undone.row_nos, undone.left) == ((1, 2), ())
    assert seen(ann, 1).result.review is Review.FLAGGED
    assert seen(ann, 2).reviewed_by == ""
    undoing.undo(ann)
    assert texts(ann, 1)["color"] == "Navy"
    undoing.undo(ann)
    row = seen(ann, 1)
    assert (row.result.values, row.extracted) == (before.result.values, None)
    assert (row.reviewed_by, row.reviewed_at) == ("", None)
    assert undoing.undo(ann) is None


@on_both
def test_undoing_leaves_what_somebody_else_has_changed_since(ann: Reviewer, bob: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    review.edit(bob, seen(bob, 1), {"color": "Dark blue"})
    undone = undoing.undo(ann)
    assert undone is not None
    assert (undone.row_nos, undone.left) == ((), (1,))
    assert texts(ann, 1)["color"] == "Dark blue"
    undoing.undo(bob)
    assert texts(ann, 1)["color"] == "Navy"


def test_everybody_undoes_their_own(ann: Reviewer, bob: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    assert undoing.undo(bob) is None
    assert texts(ann, 1)["color"] == "Navy"


@on_both
def test_rows_that_a_person_has_judged_are_not_read_again(ann: Reviewer) -> None:
    review.approve(ann, all_of(ann, [1]))
    review.edit(ann, seen(ann, 2), {"color": "Navy"})
    with pytest.raises(JobError, match="approved or corrected by a person"):
        retry.retry_rows(ann.db, ann.job.id, [1, 2])
    assert retry.retry_rows(ann.db, ann.job.id, [1, 2, 3]) == 1
    again = jobs.get(ann.db, ann.job.id)
    assert (again.done, again.waiting) == (2, 1)
    rows.record(ann.db, again.id, 0, [tent(number, color="red") for number in (1, 2, 3)], again.run)
    assert [texts(ann, number)["color"] for number in (1, 2, 3)] == ["NAVY", "Navy", "red"]
    assert seen(ann, 1).approved


def test_a_row_that_is_being_read_again_is_not_corrected_meanwhile(ann: Reviewer) -> None:
    row = seen(ann, 3)
    retry.retry_rows(ann.db, ann.job.id, [3])
    with pytest.raises(JobError, match="Row 3 has no result"):
        review.edit(ann, row, {"color": "Navy"})
    rows.record(ann.db, ann.job.id, 0, [tent(3, color="red")], jobs.get(ann.db, ann.job.id).run)
    with pytest.raises(Overtaken):
        review.edit(ann, row, {"color": "Navy"})


def test_corrected_values_are_downloaded_and_published(ann: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    sent = b"".join(downloads.download(ann.settings, ann.db, ann.job.id, Form.CSV)).decode()
    assert sent.splitlines()[1].startswith("T1,Tarn tent 1,Navy blue and light,Tents,Tarn,Navy,")
    publish.publish(ann.settings, ann.db, ann.job.id)
    value = products.get(ann.db, ["T1"])["T1"].values["color"]
    assert (value.value, value.origin) == ("Navy", Origin.HUMAN)


@on_both
def test_a_later_job_takes_the_corrected_values_over(
    settings: Settings, db: Database, ann: Reviewer
) -> None:
    mistaken = reviewed_job(settings, db, [tent(1, FLAG)])
    review.edit(ann, seen(ann, 1), {"color": "Navy", "tags": None})
    item = Inputs(mistaken.columns, mistaken.plan).of(1, seen(ann, 1).result.original)
    later = submit(db, mistaken.upload_id, mistaken.columns, mistaken.plan, "Later")
    (outcome,) = memory.divide(db, Shard(later, 0), [item], [], ["m"]).known
    assert (outcome.values["color"].value, outcome.values["color"].origin) == ("Navy", Origin.HUMAN)
    assert "tags" not in outcome.values
    assert outcome.flags == (), "what was doubted has been answered"


def test_the_row_counts_as_flagged_again_when_its_edit_is_undone(ann: Reviewer) -> None:
    review.edit(ann, seen(ann, 1), {"color": "Navy"})
    undoing.undo(ann)
    assert [one.field for one in seen(ann, 1).doubts()] == ["color"]
    with ann.db.read() as connection:
        query = sa.select(rows_table.c.extracted.is_(None)).where(rows_table.c.row_no == 1)
        assert connection.execute(query).scalar()
