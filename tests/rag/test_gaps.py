from __future__ import annotations

import pytest

from core.db import Database
from core.statuses import GapKind, GapStatus
from rag import gaps
from tests.conftest import on_both


@on_both
def test_gap_keeps_what_was_asked_and_what_was_missing(db: Database) -> None:
    gaps.record(
        db, "Is it  vegan?", GapKind.NO_FACT, missing="vegan", nearest=["product:b1"], now=5.0
    )
    (gap,) = gaps.listing(db)
    assert (gap.question, gap.kind, gap.missing) == ("Is it vegan?", GapKind.NO_FACT, "vegan")
    assert (gap.nearest, gap.times, gap.status) == (("product:b1",), 1, GapStatus.OPEN)
    assert gap.first_at == gap.last_at == 5.0


@on_both
def test_question_asked_again_is_counted_and_says_what_was_missing_last(db: Database) -> None:
    gaps.record(db, "Do you sell kayaks?", GapKind.NOT_SOLD, missing="kayaks", now=1.0)
    gaps.record(db, "do you sell KAYAKS", GapKind.NOT_SOLD, nearest=["product:t1"], now=9.0)
    (gap,) = gaps.listing(db)
    assert (gap.question, gap.times, gap.nearest) == ("Do you sell kayaks?", 2, ("product:t1",))
    assert (gap.first_at, gap.last_at) == (1.0, 9.0)


def test_most_asked_come_first_then_the_latest(db: Database) -> None:
    for question, now in (("old", 1.0), ("often", 2.0), ("often", 3.0), ("new", 4.0)):
        gaps.record(db, question, GapKind.NOT_SOLD, now=now)
    assert [gap.question for gap in gaps.listing(db)] == ["often", "new", "old"]
    assert [gap.question for gap in gaps.listing(db, limit=1)] == ["often"]


def test_gaps_are_listed_by_kind_state_and_what_is_missing(db: Database) -> None:
    gaps.record(db, "kayaks?", GapKind.NOT_SOLD, missing="kayaks")
    gaps.record(db, "vegan?", GapKind.NO_FACT, missing="vegan")
    (vegan,) = gaps.listing(db, kind=GapKind.NO_FACT)
    assert vegan.question == "vegan?"
    assert gaps.dismiss(db, [vegan.id]) == 1
    assert [gap.question for gap in gaps.listing(db)] == ["kayaks?"]
    assert [gap.question for gap in gaps.listing(db, status=GapStatus.DISMISSED)] == ["vegan?"]
    assert len(gaps.listing(db, status=None)) == 2
    assert [gap.question for gap in gaps.listing(db, missing="kayaks")] == ["kayaks?"]
    assert gaps.counts(db) == {GapKind.NOT_SOLD: 1}
    assert gaps.counts(db, status=None) == {GapKind.NOT_SOLD: 1, GapKind.NO_FACT: 1}


@on_both
def test_closed_gap_opens_when_it_is_asked_again_and_a_dismissed_one_does_not(
    db: Database,
) -> None:
    gaps.record(db, "kayaks?", GapKind.NOT_SOLD)
    gaps.record(db, "boats?", GapKind.NOT_SOLD)
    ids = {gap.question: gap.id for gap in gaps.listing(db)}
    assert gaps.close(db, [ids["kayaks?"]]) == 1
    assert gaps.dismiss(db, [ids["boats?"]]) == 1
    assert gaps.listing(db) == []
    for question in ("kayaks?", "boats?"):
        gaps.record(db, question, GapKind.NOT_SOLD)
    assert [gap.question for gap in gaps.listing(db)] == ["kayaks?"]
    assert [gap.times for gap in gaps.listing(db, status=None)] == [2, 2]
    assert gaps.reopen(db, list(ids.values())) == 1
    assert len(gaps.listing(db)) == 2


@on_both
def test_dislike_adds_nothing_to_a_gap_that_says_more(db: Database) -> None:
    gaps.record(db, "vegan?", GapKind.NO_FACT, missing="vegan")
    gaps.record(db, "vegan?", GapKind.DISLIKED, missing="wrong")
    gaps.record(db, "tents?", GapKind.DISLIKED, missing="wrong")
    gaps.record(db, "tents?", GapKind.DISLIKED, missing="not what I asked")
    tents, vegan = gaps.listing(db)
    assert (vegan.kind, vegan.missing, vegan.times) == (GapKind.NO_FACT, "vegan", 1)
    assert (tents.kind, tents.missing, tents.times) == (GapKind.DISLIKED, "not what I asked", 2)


@on_both
def test_summary_names_what_is_asked_for_most(db: Database) -> None:
    for question in ("Is it vegan?", "is it vegan", "Are the boots vegan?"):
        gaps.record(db, question, GapKind.NO_FACT, missing="vegan")
    gaps.record(db, "kayaks?", GapKind.NOT_SOLD, missing="kayaks")
    gaps.record(db, "Why?", GapKind.NO_POLICY)
    assert gaps.summarised(db) == [
        gaps.Wanted("vegan", GapKind.NO_FACT, questions=2, times=3),
        gaps.Wanted("kayaks", GapKind.NOT_SOLD, questions=1, times=1),
    ]
    assert gaps.summarised(db, limit=1)[0].missing == "vegan"


def test_only_so_many_are_kept(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "MOST", 2)
    for now, question in enumerate(("one", "two", "three")):
        gaps.record(db, question, GapKind.NOT_SOLD, now=float(now))
    assert [gap.question for gap in gaps.listing(db)] == ["three", "two"]


def test_endless_questions_are_cut_and_empty_ones_are_no_gaps(db: Database) -> None:
    gaps.record(db, "kayak " * 2000, GapKind.NOT_SOLD, missing="kayak " * 500)
    gaps.record(db, "  ", GapKind.NOT_SOLD)
    (gap,) = gaps.listing(db)
    assert len(gap.question) <= gaps.QUESTION_CHARS
    assert len(gap.missing) <= gaps.MISSING_CHARS
