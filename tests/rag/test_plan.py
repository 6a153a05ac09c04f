from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.facts import IN_STOCK, Filter
from core.products import Product
from core.statuses import GapKind
from rag.exact_answer import Exact
from rag.exchange import Comparison, Found, Passage
from rag.parts import Outcome, Part
from rag.plan import planned
from rag.query import Intent, Query
from tests.rag.shop_passages import BOOTS, RETURNS, TENT

TENTS = Query("Which tents?", "tents")
REFUNDS = Query("How do I return it?", "return it")
ROWS = (("price", ("$139.00", "$289.00")),)
CHEAP = Filter("price", high=20.0, label="under $20")


@dataclass
class Shop:
    """Finds what it was told to, and notes what it was asked for."""

    finds: dict[str, Sequence[Passage]] = field(default_factory=dict)
    relevant: bool = True
    score: float = 0.5
    asked: list[tuple[Query, int]] = field(default_factory=list)
    #: Conditions that nothing meets.
    unmet: tuple[Filter, ...] = ()

    def search(self, query: Query, most: int) -> Found:
        self.asked.append((query, most))
        found = () if set(query.filters) & set(self.unmet) else tuple(self.finds[query.text])
        return Found(found, self.relevant and bool(found), self.score if found else 0.0, 1.0)


def plan(
    shop: Shop, *queries: Query, exact: Exact | None = None
) -> tuple[tuple[Part, ...], tuple[Passage, ...]]:
    def compute(query: Query) -> Exact | None:
        return exact if query.intent is Intent.COUNT else None

    return planned(queries, shop.search, compute)


def product(passage: Passage) -> Product:
    assert passage.product is not None
    return passage.product


def test_what_is_found_is_numbered_once_over_all_questions() -> None:
    shop = Shop({"tents": [TENT, BOOTS], "return it": [RETURNS, TENT]})
    parts, passages = plan(shop, TENTS, REFUNDS)
    assert [passage.id for passage in passages] == [TENT.id, BOOTS.id, RETURNS.id]
    assert [passage.number for passage in passages] == [1, 2, 3]
    assert [passage.number for passage in parts[1].passages] == [3, 1]
    assert [part.outcome for part in parts] == [Outcome.FOUND, Outcome.FOUND]
    assert [most for _, most in shop.asked] == [4, 4]


def test_exact_answer_cites_by_the_numbers_of_the_whole() -> None:
    exact = Exact(
        ("We have 2 things [1] [2].",),
        (product(BOOTS), product(TENT)),
        comparison=Comparison((1, 2), ROWS),
    )
    counted = Query("How many things?", "things", Intent.COUNT)
    parts, passages = plan(Shop({"tents": [TENT]}), TENTS, counted, exact=exact)
    assert [passage.number for passage in passages] == [1, 2]
    assert (parts[1].outcome, parts[1].text) == (Outcome.EXACT, "We have 2 things [2] [1].")
    assert parts[1].comparison == Comparison((2, 1), ROWS)
    assert parts[1].gap is None


def test_computed_answer_says_why_each_product_is_among_it() -> None:
    exact = Exact(("We have 1 thing in stock [1].",), (product(TENT),))
    counted = Query("How many things are in stock?", "", Intent.COUNT, filters=(IN_STOCK,))
    (part,), _ = plan(Shop(), counted, exact=exact)
    assert part.passages[0].matched == ("in stock",)


def test_exact_answer_that_is_only_near_is_a_refusal() -> None:
    exact = Exact(("None is red; this one is green [1].",), (product(TENT),), near=True)
    counted = Query("How many red tents?", "red tents", Intent.COUNT)
    (part,), _ = plan(Shop(), counted, exact=exact)
    assert (part.refused, part.gap, part.missing) == (True, GapKind.NOT_SOLD, "red tents")


def test_greeting_beside_a_question_is_left_out() -> None:
    hello = Query("Hello", "", Intent.TALK)
    parts, _ = plan(Shop({"tents": [TENT]}), hello, TENTS)
    assert [part.outcome for part in parts] == [Outcome.FOUND]
    (alone,), passages = plan(Shop(), hello)
    assert alone.text.startswith("Hello!")
    assert (alone.refused, passages) == (False, ())
    (thanks,), _ = plan(Shop(), replace(hello, asked="Thank you!"))
    assert thanks.text.startswith("You are welcome")


def test_what_is_not_there_is_refused_with_the_nearest_things_as_such() -> None:
    shop = Shop({"tents": [TENT, BOOTS, RETURNS, TENT]}, relevant=False)
    (part,), passages = plan(shop, TENTS)
    assert (part.outcome, part.refused, part.gap) == (Outcome.NEAR, True, GapKind.NOT_SOLD)
    assert part.text == (
        "I could not find that in our shop. The nearest things we have: Halden 4 Tent ($289.00, "
        "14 in stock) [1]; Fell Boots ($139.00, out of stock) [2]; Returns (Refunds) [3]."
    )
    assert len(passages) == 3
    assert part.missing == "tents"


def test_missing_policy_is_a_gap_of_its_own() -> None:
    (part,), _ = plan(Shop({"return it": [RETURNS]}, relevant=False), REFUNDS)
    assert part.gap is GapKind.NO_POLICY
    assert part.text.startswith("Our shop's documents do not say that")


def test_nothing_is_offered_where_nothing_is_near() -> None:
    shop = Shop({"tents": [TENT]}, relevant=False, score=0.05)
    (part,), passages = plan(shop, TENTS)
    assert (part.outcome, passages) == (Outcome.NOTHING, ())
    assert part.gap is GapKind.NOT_SOLD


def test_condition_that_nothing_meets_is_left_out_and_named() -> None:
    shop = Shop({"tents": [TENT]}, unmet=(CHEAP,))
    (part,), _ = plan(shop, replace(TENTS, filters=(IN_STOCK, CHEAP)))
    assert part.refused
    assert part.text.startswith("We have nothing that fits (under $20). The nearest things we")
    assert "Halden 4 Tent" in part.text
    assert part.missing == "tents, in stock, under $20"
    assert shop.asked[-1][0].filters == (IN_STOCK,)


def test_all_conditions_go_where_none_alone_is_the_cause() -> None:
    shop = Shop({"tents": [TENT]}, unmet=(CHEAP, IN_STOCK))
    (part,), _ = plan(shop, replace(TENTS, filters=(IN_STOCK, CHEAP)))
    assert part.text.startswith("We have nothing that fits (in stock, under $20).")


def test_fact_that_the_shop_does_not_have_is_said_to_be_missing() -> None:
    asked = Query("Is the Halden 4 Tent vegan?", "tents", fields=("vegan",))
    (part,), _ = plan(Shop({"tents": [TENT, BOOTS]}), asked)
    assert (part.outcome, part.gap, part.missing) == (Outcome.NO_FACT, GapKind.NO_FACT, "vegan")
    assert part.text == "Our shop does not say this of the Halden 4 Tent: vegan. [1]"


def test_fact_that_a_value_or_the_text_tells_is_left_to_the_words() -> None:
    shop = Shop({"tents": [TENT, BOOTS], "boots": [BOOTS]})
    weight = Query("How heavy is the Halden 4 Tent?", "tents", fields=("weight",))
    assert plan(shop, weight)[0][0].outcome is Outcome.FOUND
    leather = Query("Are they leather?", "boots", fields=("leather_kind",))
    assert plan(shop, leather)[0][0].outcome is Outcome.FOUND
    # Which of several is meant is not known.
    which = Query("Which are vegan?", "tents", fields=("vegan",))
    assert plan(shop, which)[0][0].outcome is Outcome.FOUND


def test_refusal_is_said_in_the_shoppers_language() -> None:
    shop = Shop({"tents": [TENT]}, relevant=False)
    (part,), _ = plan(shop, replace(TENTS, language="de"))
    assert part.text.startswith("Das habe ich in unserem Laden nicht gefunden.")
