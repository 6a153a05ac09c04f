"""Sets of products, put on sale and taken back as one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core import products, release_staging, release_steps, releases
from core.db import Database
from core.errors import JobError, NotFoundError
from core.products import Product
from core.release_changes import ChangeKind
from core.releases import Release
from core.statuses import ReleaseStatus
from core.values import Value
from tests.conftest import on_both

RED = {"color": Value("red")}
CUP = Product("cup", "Cup", price=Decimal("9.50"), values={"color": Value("blue")})
POT = Product("pot", "Pot", stock=3)
JUG = Product("jug", "Jug")
RED_CUP = replace(CUP, values=RED, source="job")


@pytest.fixture
def shelves(db: Database) -> Database:
    products.publish(db, [CUP, POT])
    return db


def prepared(db: Database, *items: Product, alone: bool = False) -> Release:
    return release_staging.prepare(db, "Spring", "job", items, alone=alone)


def on_sale(db: Database) -> dict[str, str]:
    """What shoppers see of each product: its title and colour."""
    return {
        item.id: " ".join([item.title, *(value.text() for value in item.values.values())])
        for item in products.iterate(db)
    }


def versions(db: Database) -> dict[str, int]:
    return {item.id: item.version for item in products.iterate(db)}


@on_both
def test_a_release_is_seen_by_nobody_until_it_is_switched_to(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP, POT, JUG)
    assert (one.status, one.products) == (ReleaseStatus.READY, 3)
    assert on_sale(shelves) == {"cup": "Cup blue", "pot": "Pot"}
    done: list[int] = []
    live = release_steps.switch(shelves, one.id, done.append)
    assert (live.status, live.can_return) == (ReleaseStatus.LIVE, True)
    assert live.switched_at is not None
    assert done[-1] == 3
    assert on_sale(shelves) == {"cup": "Cup red", "jug": "Jug", "pot": "Pot"}


def test_what_would_change_is_told_before(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP, replace(POT, source="job"), JUG)
    kinds = {change.product_id: change.kind for change in releases.changes(shelves, one.id)}
    assert kinds == {"cup": ChangeKind.CHANGED, "jug": ChangeKind.NEW, "pot": ChangeKind.SAME}
    looked = releases.look(shelves, one.id)
    assert looked.counts == {ChangeKind.CHANGED: 1, ChangeKind.NEW: 1, ChangeKind.SAME: 1}
    assert [change.product_id for change in looked.examples] == ["cup", "jug"]
    assert looked.examples[0].before == products.get(shelves, ["cup"])["cup"]
    releases.note(shelves, one.id, {"checks": []})
    assert releases.get(shelves, one.id).counts == looked.counts


@on_both
def test_all_other_products_can_leave_the_shelves_and_come_back(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP, alone=True)
    assert [change.kind for change in releases.changes(shelves, one.id)] == [
        ChangeKind.CHANGED,
        ChangeKind.LEAVING,
    ]
    release_steps.switch(shelves, one.id)
    assert on_sale(shelves) == {"cup": "Cup red"}
    release_steps.roll_back(shelves, one.id)
    assert on_sale(shelves) == {"cup": "Cup blue", "pot": "Pot"}


def test_what_stays_the_same_is_not_touched(shelves: Database) -> None:
    before = versions(shelves)
    release_steps.switch(shelves, prepared(shelves, RED_CUP, POT).id)
    assert versions(shelves) == {"cup": before["cup"] + 1, "pot": before["pot"]}


@on_both
def test_rolled_back_everything_is_as_it_was(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP, POT, JUG)
    release_steps.switch(shelves, one.id)
    came = release_steps.roll_back(shelves, one.id)
    assert (came.returned, came.kept) == (2, 0)
    assert on_sale(shelves) == {"cup": "Cup blue", "pot": "Pot"}
    ended = releases.get(shelves, one.id)
    assert (ended.status, ended.can_return) == (ReleaseStatus.ROLLED_BACK, False)
    with pytest.raises(JobError, match="cannot be rolled back"):
        release_steps.roll_back(shelves, one.id)


def test_what_was_changed_since_is_kept_and_counted(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP, JUG)
    release_steps.switch(shelves, one.id)
    products.publish(shelves, [replace(CUP, title="Mug")])
    came = release_steps.roll_back(shelves, one.id)
    assert (came.returned, came.kept) == (1, 1)
    assert on_sale(shelves) == {"cup": "Mug blue", "pot": "Pot"}


def test_letters_that_a_database_refuses_do_not_keep_a_release_from_going_back(
    shelves: Database,
) -> None:
    one = prepared(shelves, replace(CUP, title="C\0up\ud800"))
    release_steps.switch(shelves, one.id)
    assert release_steps.roll_back(shelves, one.id).kept == 0
    assert on_sale(shelves)["cup"] == "Cup blue"


@on_both
def test_an_interrupted_switch_goes_on_where_it_ended(
    shelves: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_steps, "BLOCK", 1)
    one = prepared(shelves, RED_CUP, POT, JUG)

    def interrupted(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release_steps.switch(shelves, one.id, interrupted)
    assert on_sale(shelves) == {"cup": "Cup red", "pot": "Pot"}
    assert releases.get(shelves, one.id).status == ReleaseStatus.SWITCHING
    assert release_steps.go_on(shelves) == 1
    assert on_sale(shelves) == {"cup": "Cup red", "jug": "Jug", "pot": "Pot"}
    assert releases.get(shelves, one.id).status == ReleaseStatus.LIVE
    assert release_steps.go_on(shelves) == 0


def test_an_interrupted_switch_can_be_taken_back(
    shelves: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_steps, "BLOCK", 1)
    one = prepared(shelves, RED_CUP, POT, JUG)

    def interrupted(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        release_steps.switch(shelves, one.id, interrupted)
    with pytest.raises(KeyboardInterrupt):
        release_steps.roll_back(shelves, one.id, interrupted)
    assert release_steps.go_on(shelves) == 1
    assert on_sale(shelves) == {"cup": "Cup blue", "pot": "Pot"}
    assert releases.get(shelves, one.id).status == ReleaseStatus.ROLLED_BACK


def test_a_release_that_is_thrown_away_cannot_be_switched_to(shelves: Database) -> None:
    one = prepared(shelves, RED_CUP)
    assert releases.discard(shelves, one.id)
    assert not releases.discard(shelves, one.id)
    with pytest.raises(JobError, match="cannot be published any more"):
        release_steps.switch(shelves, one.id)
    with pytest.raises(NotFoundError):
        releases.get(shelves, "none")


def test_another_release_of_the_same_job_takes_the_place_of_a_waiting_one(
    shelves: Database,
) -> None:
    first, second = prepared(shelves, RED_CUP), prepared(shelves, JUG)
    assert releases.get(shelves, first.id).status == ReleaseStatus.DISCARDED
    assert list(releases.changes(shelves, first.id)) == []
    assert [one.id for one in releases.listing(shelves, "job")] == [second.id, first.id]


def test_old_releases_are_forgotten(shelves: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "KEPT", 1)
    monkeypatch.setattr(releases, "REMEMBERED", 2)
    for colour in ("red", "green", "black"):
        item = replace(CUP, values={"color": Value(colour)})
        release_steps.switch(shelves, prepared(shelves, item).id)
    assert [one.can_return for one in releases.listing(shelves)] == [True, False]
    waiting = prepared(shelves, JUG)
    releases.keep_bounded(shelves, now=waiting.created_at + releases.WAITING_S + 1)
    assert releases.get(shelves, waiting.id).status == ReleaseStatus.DISCARDED
