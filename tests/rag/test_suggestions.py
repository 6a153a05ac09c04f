from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.facts import IN_STOCK, Order
from core.values import Value
from rag.exchange import Passage
from rag.parts import Outcome, Part
from rag.query import FieldFacts, Intent, Query
from rag.suggestions import suggested
from tests.rag.shop_passages import BOOTS, RETURNS, TENT

FIELDS = {
    "colour": FieldFacts(
        "colour",
        texts={"moss green": 5, "navy": 3, "red": 1},
        shown={"navy": "Navy", "red": "red"},
    ),
    "department": FieldFacts("department", texts={"camping": 9, "shoes": 2}, shown={}),
}
DOCUMENTS = {"returns": "Returns and Refunds", "shipping": "Shipping"}
ASKED = Query("What do you have for hiking?", "hiking")


def green(passage: Passage) -> Passage:
    assert passage.product is not None
    values = {"colour": Value("Moss green")}
    return replace(passage, product=replace(passage.product, values=values))


def of(
    *passages: Passage,
    query: Query = ASKED,
    outcome: Outcome = Outcome.FOUND,
    answerable: Callable[[str], bool] = lambda text: True,
) -> tuple[str, ...]:
    return suggested([Part(query, outcome, passages)], FIELDS, DOCUMENTS, answerable)


def test_several_products_can_be_narrowed_and_compared() -> None:
    assert of(TENT, BOOTS) == (
        "Which of these are in stock?",
        "Which is the cheapest?",
        "Compare the Halden 4 Tent and the Fell Boots",
    )


def test_what_was_asked_is_not_suggested_again() -> None:
    query = replace(
        ASKED,
        asked="which is the cheapest",
        filters=(IN_STOCK,),
        order=Order("price"),
        intent=Intent.COMPARE,
    )
    found = of(green(TENT), BOOTS, query=query)
    assert found == (
        "Do you have them in Navy?",
        "Do you have them in red?",
        "What is your return policy?",
    )


def test_only_what_the_shop_can_answer_is_suggested() -> None:
    assert of(green(TENT), answerable=lambda text: "Navy" not in text) == (
        "Do you have it in red?",
        "What is your return policy?",
        "What is your policy on returns and refunds?",
    )
    assert of(TENT, BOOTS, answerable=lambda text: False) == ()


def test_after_a_policy_other_documents_are_named() -> None:
    assert of(RETURNS)[0] == "What is your policy on shipping?"


def test_after_a_refusal_the_largest_departments_are_named() -> None:
    assert of(outcome=Outcome.NOTHING)[-1] == "What do you have in camping?"


def test_nothing_is_suggested_in_a_language_other_than_the_answers() -> None:
    assert of(TENT, BOOTS, query=replace(ASKED, language="de")) == ()
