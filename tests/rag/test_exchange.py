from __future__ import annotations

import json

from core.facts import IN_STOCK, Filter, Order
from rag.exchange import Comparison, Details
from rag.query import Intent, Query


def test_what_is_drawn_with_an_answer_comes_back_as_it_was_stored() -> None:
    query = Query(
        asked="red or blue tents under $200, the cheapest first",
        text="tents",
        intent=Intent.LIST,
        filters=(Filter("colour", texts=("red", "blue"), label="red or blue"), IN_STOCK),
        order=Order("price"),
        fields=("price",),
    )
    details = Details(
        queries=(query,),
        comparison=Comparison((1, 2), (("weight", ("2.9 kg", "")),)),
        near=True,
        suggestions=("Which of them are in stock?",),
    )
    stored = json.loads(json.dumps(details.to_json()))
    found = Details.from_json(stored)
    assert found == details
    assert [one.label for one in found.queries[0].filters] == ["red or blue", "in stock"]


def test_an_answer_of_an_older_version_has_no_details() -> None:
    assert Details.from_json({}) == Details()
