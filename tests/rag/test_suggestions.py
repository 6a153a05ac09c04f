from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from core import products
from core.db import Database
from core.facts import IN_STOCK, Order
from core.products import Product
from core.values import Value
from rag.exchange import Passage
from rag.parts import Outcome, Part
from rag.query import FieldFacts, Intent, Query
from rag.suggestions import same_kind, suggested
from tests.rag.shop_passages import BOOTS, RETURNS, TENT

FIELDS = {
    "department": FieldFacts("department", texts={"camping": 9, "shoes": 2}, shown={}),
}
COLOURS = ("Moss green", "Navy", "red")
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
    def alike(items: Sequence[Product], name: str) -> tuple[str, ...]:
        return COLOURS if name == "colour" else ()

    parts = [Part(query, outcome, passages)]
    return suggested(parts, FIELDS, DOCUMENTS, alike, answerable)


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


def test_other_values_are_those_of_the_same_kind(db: Database) -> None:
    def thing(id: str, kind: str, colour: str) -> Product:
        values = {"product_type": Value(kind), "colour": Value(colour)}
        return Product(id, f"A {kind}", values=values)

    shelves = [
        thing("a", "tent", "moss"),
        thing("b", "tent", "Orange"),
        thing("c", "chair", "beech"),
    ]
    products.publish(db, shelves)
    assert same_kind(db, shelves[:1], "colour") == ("moss", "Orange")
    assert same_kind(db, [Product("d", "Something")], "colour") == ()
