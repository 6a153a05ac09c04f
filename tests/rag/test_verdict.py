from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.products import Product
from core.values import Value
from rag.cases import Case
from rag.cited_sentences import claims, tells
from rag.exchange import Comparison, Kind, Passage
from rag.verdict import Shown, judge


def product(number: int, id: str, title: str = "Tent", **parts: Any) -> Passage:
    item = Product(id, title, "A green dome.", **parts)
    return Passage(number, f"product:{id}", Kind.PRODUCT, title, "", "A green dome.", 0.5, item)


def policy(number: int, name: str, text: str) -> Passage:
    return Passage(number, f"policy:{name}#1", Kind.POLICY, name.title(), "", text, 0.5)


def wrong(shown: Shown, **expected: Any) -> tuple[str, ...]:
    case = Case(id="x", kind=expected.pop("kind", "find"), question="Tents?", **expected)
    return judge(case, shown).wrong


TENT = product(1, "t1", price=Decimal("289.00"), currency="USD", stock=4)
MAT3 = product(3, "m1", "Mat", values={"weight": Value(0.43, unit="kg")})
MAT = product(2, "m1", "Mat", values={"weight": Value(0.43, unit="kg")})


def test_products_that_have_to_be_shown_are_looked_for() -> None:
    shown = Shown((TENT, MAT))
    assert wrong(shown, must=["t1", "m1"]) == ()
    assert wrong(shown, must=["t1", "p1"]) == ("not shown: p1",)
    assert wrong(shown, any=["p1", "m1"]) == ()
    assert wrong(shown, any=["p1"]) == ("none shown of p1",)


def test_products_that_do_not_fit_are_told() -> None:
    shown = Shown((TENT, MAT))
    assert wrong(shown, must=["t1"], only=["t1"]) == ("does not fit: m1",)
    assert wrong(shown, must=["t1"], never=["m1"]) == ("must not be shown: m1",)
    assert wrong(shown, must=["m1"], first="m1") == ("first is t1, not m1",)
    assert wrong(Shown((TENT,), near=True), must=["t1"]) == ("shown as near only",)


def test_policies_are_known_by_their_document() -> None:
    shown = Shown((policy(1, "returns", "60 days."),))
    assert wrong(shown, documents=["returns"]) == ()
    assert wrong(shown, documents=["shipping"]) == ("policy not shown: shipping",)


def test_a_fact_may_stand_on_a_card_in_the_table_or_in_the_words() -> None:
    assert wrong(Shown((TENT,)), facts=[["289"]]) == ()
    assert wrong(Shown((MAT,)), facts=[["0.43"]]) == ()
    table = Comparison((1,), (("price", ("$289.00",)),))
    assert wrong(Shown((), comparison=table), facts=[["289"]]) == ()
    assert wrong(Shown((), "It is $289."), facts=[["289"]]) == ()
    assert wrong(Shown((MAT,)), facts=[["289", "two"]]) == ("not told: 289 or two",)


@pytest.mark.parametrize("kind", ["exact", "policy", "count"])
def test_where_words_have_to_tell_a_card_does_not_mend_them(kind: str) -> None:
    shown = Shown((TENT,), "It is $19.")
    assert wrong(shown, kind=kind, facts=[["289"]]) == ("not told: 289",)


def test_without_a_model_the_sources_tell_but_never_count() -> None:
    assert wrong(Shown((TENT,)), kind="exact", facts=[["289"]]) == ()
    assert wrong(Shown((TENT,)), kind="count", facts=[["4"]]) == ("not told: 4",)
    said = Shown((policy(1, "returns", "60 days, labels $5.95."),), "60 days.", written=False)
    assert wrong(said, kind="policy", facts=[["5.95"]]) == ()


def test_refusals_are_right_where_the_shop_has_nothing() -> None:
    assert wrong(Shown((), refused=True), refuse=True) == ()
    assert wrong(Shown((TENT,)), refuse=True) == ("not refused",)
    assert wrong(Shown((), refused=True), must=["t1"]) == ("refused",)
    assert wrong(Shown((), refused=True), facts=[["0"]], may_refuse=True) == ()


@pytest.mark.parametrize(
    ("text", "wording", "told"),
    [
        ("It costs $9.00.", "9", True),
        ("It costs $19.00.", "9", False),
        ("up to 1,400 watts", "1400", True),
        ("1.2 kg", "1.2", True),
        ("1.25 kg", "1.2", False),
        ("16,95 Euro", "16.95", True),
        ("You have SIXTY days", "sixty days", True),
        ("within 60-day periods", "60 day", True),
        ("There is none.", "no", False),
        ("−9 °C", "9 °C", True),
    ],
)
def test_numbers_are_compared_as_numbers_and_wordings_as_words(
    text: str, wording: str, told: bool
) -> None:
    assert tells(text, wording) is told


def supported(text: str, *passages: Passage) -> list[bool]:
    return [claim.supported for claim in claims(text, passages, "Which tents do you have?")]


def test_a_sentence_is_supported_by_the_numbers_and_words_of_its_sources() -> None:
    returns = policy(2, "returns", "A prepaid label costs $5.95, which we take off the refund.")
    assert supported("The tent is a green dome for $289 [1]. Hello.", TENT) == [True]
    assert supported("The tent costs $299 [1].", TENT) == [False]
    assert supported("The label costs $5.95 [2].", TENT, returns) == [True]
    assert supported("The label costs $5.95 [1].", TENT, returns) == [False]
    assert supported("The label costs $5.95. [2] It is green [1].", TENT, returns) == [True, True]
    assert supported("The tent [1] costs $289.00 and the mat [3] weighs 0.43 kg.", TENT, MAT3) == [
        True
    ]
    assert supported("We have 2 tents: Tent, $289.00 [1]; Mat [3].", TENT, MAT3) == [True]
    assert supported("Elephants migrate through deserts yearly [1].", TENT) == [False]
    assert supported("It is a tent [7].", TENT) == [False]


def test_numbers_that_are_known_to_be_right_need_no_source() -> None:
    (claim,) = claims("We have 6 tents [1].", [TENT], "How many tents?", known={6.0})
    assert claim.supported
    assert claim.sources == (1,)
