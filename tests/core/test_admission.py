"""The rules of the two lanes, over every small case."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest

from core import admission
from core.admission import Lease
from core.condition import DUE_S, Condition
from core.endpoints import Endpoint
from core.statuses import Lane

WELL = Condition("e")
NOW = 1000.0


def leases(chat: int, batch: int, waiting: int = 0) -> list[Lease]:
    lanes = [Lane.BATCH] * batch + [Lane.CHAT] * chat
    served = [
        Lease(at, "e", lane, "h", at, revoked=False, owed=False, since=float(at))
        for at, lane in enumerate(lanes)
    ]
    line = [
        Lease(100 + at, "e", Lane.CHAT, "h", None, revoked=False, owed=False, since=NOW)
        for at in range(waiting)
    ]
    return served + line


@pytest.mark.parametrize("slots", [1, 2, 4, 16])
def test_whatever_happens_slots_are_never_given_twice_and_people_come_first(slots: int) -> None:
    for reserve, chat, owed in product(range(3), range(slots + 3), (0.0, DUE_S)):
        endpoint = Endpoint("e", "u", "m", slots=slots, reserve=min(reserve, slots))
        condition = replace(WELL, owed_s=owed)
        held = leases(min(chat, slots), 0, waiting=max(0, chat - slots))
        room = admission.batch_room(endpoint, condition, held, NOW)
        assert room + min(chat, slots) <= slots + (1 if owed else 0)
        assert room >= (1 if owed or not chat else 0)
        assert admission.chat_room(endpoint, condition, held) >= slots - 1


def test_the_reserve_is_used_up_before_batch_gives_way() -> None:
    endpoint = Endpoint("e", "u", "m", slots=8, reserve=2)
    rooms = [admission.batch_room(endpoint, WELL, leases(chat, 0), NOW) for chat in range(9)]
    assert rooms == [6, 6, 6, 5, 4, 3, 2, 1, 0]


def test_no_more_is_called_back_than_people_lack() -> None:
    endpoint = Endpoint("e", "u", "m", slots=4, reserve=0)
    held = leases(0, 4, waiting=2)
    assert [lease.id for lease in admission.to_revoke(endpoint, WELL, held)] == [3, 2]
    leaving = [held[0]._replace(revoked=True), *held[1:]]
    assert [lease.id for lease in admission.to_revoke(endpoint, WELL, leaving)] == [3]
    assert admission.to_revoke(endpoint, WELL, leases(1, 3)) == []


@pytest.mark.parametrize(
    ("room", "wanted", "shared"),
    [
        (6, {"a": 10, "b": 10}, {"a": 3, "b": 3}),
        (7, {"a": 10, "b": 2}, {"a": 5, "b": 2}),
        (1, {"b": 4, "a": 4}, {"a": 1, "b": 0}),
        (5, {"a": 1}, {"a": 1}),
        (0, {"a": 1}, {"a": 0}),
    ],
)
def test_shares_are_even(room: int, wanted: dict[str, int], shared: dict[str, int]) -> None:
    assert admission.shares(room, wanted) == shared


def test_shares_are_those_of_handing_out_one_slot_after_the_other() -> None:
    chance = random.Random(3)
    for _ in range(300):
        wanted = {name: chance.randrange(9) for name in "dbca"[: chance.randrange(5)]}
        room = chance.randrange(30)
        expected = dict.fromkeys(wanted, 0)
        for _ in range(min(room, sum(wanted.values()))):
            hungry = [name for name in wanted if expected[name] < wanted[name]]
            expected[min(hungry, key=lambda name: (expected[name], name))] += 1
        assert admission.shares(room, wanted) == expected
