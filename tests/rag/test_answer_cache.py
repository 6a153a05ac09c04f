from __future__ import annotations

from dataclasses import replace

import pytest

from core.db import Database
from core.facts import IN_STOCK, Filter
from core.products import Product
from rag import answer_cache
from rag.answer_cache import Asked
from rag.exchange import Kind, Passage, Role, Turn
from rag.query import Query
from tests.conftest import on_both

TENT = Passage(
    1, "product:t1", Kind.PRODUCT, "Tent", "", "A tent.", 0.5, Product("t1", "Tent", version=3)
)
RETURNS = Passage(2, "policy:returns#2", Kind.POLICY, "Returns", "", "60 days.", 0.4)
VERSIONS = {"returns": 7}
ASKED = Asked("Which tent?", (Query("Which tent?", "tent", filters=(IN_STOCK,)),), model="m")
KEY = answer_cache.key(ASKED, (TENT, RETURNS), VERSIONS)


@on_both
def test_answer_is_found_again(db: Database) -> None:
    assert answer_cache.find(db, KEY) is None
    answer_cache.store(db, KEY, "This one [1].")
    assert answer_cache.find(db, KEY) == "This one [1]."
    answer_cache.store(db, KEY, "That one [1].")
    assert answer_cache.find(db, KEY) == "That one [1]."


def test_case_spacing_and_punctuation_make_no_other_key() -> None:
    same = replace(ASKED, question="  which TENT!")
    assert answer_cache.key(same, (TENT, RETURNS), VERSIONS) == KEY


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, question="Which tents?"),
        replace(ASKED, queries=(Query("Which tent?", "tent"),)),
        replace(ASKED, queries=(Query("", "", filters=(Filter("price", high=5.0),)),)),
        replace(ASKED, queries=(replace(ASKED.queries[0], language="de"),)),
        replace(ASKED, history=(Turn(Role.USER, "Hello"),)),
        replace(ASKED, model="other"),
        replace(ASKED, prompt="other"),
        replace(ASKED, given="There are 3."),
    ],
)
def test_whatever_an_answer_depends_on_makes_another_key(other: Asked) -> None:
    assert answer_cache.key(other, (TENT, RETURNS), VERSIONS) != KEY


def test_change_of_a_source_makes_another_key() -> None:
    changed = replace(TENT, product=Product("t1", "Tent", version=4))
    assert answer_cache.key(ASKED, (changed, RETURNS), VERSIONS) != KEY
    assert answer_cache.key(ASKED, (TENT, RETURNS), {"returns": 8}) != KEY
    assert answer_cache.key(ASKED, (TENT,), VERSIONS) != KEY
    assert answer_cache.key(ASKED, (RETURNS, TENT), VERSIONS) != KEY
    assert answer_cache.key(ASKED, (TENT, RETURNS), VERSIONS | {"shipping": 1}) == KEY


@on_both
def test_old_answers_go(db: Database) -> None:
    answer_cache.store(db, KEY, "Old.", now=0.0)
    later = answer_cache.MOST_AGE_S + 1
    assert answer_cache.find(db, KEY, now=later) is None
    answer_cache.store(db, b"new", "New.", now=later)
    assert answer_cache.find(db, KEY, now=1.0) is None


@on_both
def test_least_recently_used_make_room(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_cache, "MOST", 2)
    answer_cache.store(db, b"one", "1", now=1.0)
    answer_cache.store(db, b"two", "2", now=2.0)
    assert answer_cache.find(db, b"one", now=answer_cache.USE_NOTED_S + 2) == "1"
    answer_cache.store(db, b"three", "3", now=answer_cache.USE_NOTED_S + 3)
    found = [answer_cache.find(db, name, now=5000.0) for name in (b"one", b"two", b"three")]
    assert found == ["1", None, "3"]
