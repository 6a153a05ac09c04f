from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from batch import lessons
from batch.columns import Columns
from batch.extract import Extraction, Outcome
from batch.fields import Field, parse_fields
from batch.inputs import Input, Inputs, in_prompt_order
from batch.lessons import Lessons, shown
from batch.plan import Plan
from core.endpoints import Endpoint
from core.model_client import ModelClient
from core.nearest import Demonstration
from tests.batch.lessons import COFFEES, FIELDS, coffee, shares_words
from tests.fake_endpoint import FakeEndpoint, Reply

COLUMNS = Columns(title="title", department="type", text=("title",))
ROW = {"title": "Jute Dark Roast Coffee, 14 oz", "type": "Coffee"}


def taught(
    found: Sequence[Demonstration] = COFFEES, row: dict[str, str] = ROW, number: int = 1
) -> Input:
    (item,) = Inputs(COLUMNS, Plan(FIELDS), shares_words(found)).all([(number, row)])
    return item


def extract(item: Input, reply: str) -> tuple[Outcome, FakeEndpoint]:
    async def once(fake: FakeEndpoint) -> Outcome:
        client = ModelClient(Endpoint("fake", fake.url, "fake"), timeout_s=5.0)
        try:
            extraction = Extraction(COLUMNS, Plan(FIELDS), attempts=1)
            return await extraction.extract(lambda request, _: client.complete(request), item)
        finally:
            await client.close()

    fake = FakeEndpoint(lambda text, before: Reply(reply))
    with fake.running():
        return asyncio.run(once(fake)), fake


def test_the_nearest_are_shown_as_turns_that_leave_out_what_is_not_stated() -> None:
    item = taught([COFFEES[3]])
    _, fake = extract(item, "{}")
    asked = fake.requests[0]
    turns = [(turn["role"], turn["content"]) for turn in asked["messages"][1:]]
    assert turns == [
        ("user", COFFEES[3].text),
        ("assistant", '{"brand":"Dune","size":"8 oz"}'),
        ("user", ROW["title"]),
    ]
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["required"] == []


def test_a_row_is_shown_the_nearest_in_an_order_that_many_rows_share() -> None:
    item = taught()
    assert [one.text for one in item.lesson.shown] == sorted(
        [COFFEES[0].text, COFFEES[2].text, COFFEES[6].text]
    )


def test_a_row_of_another_product_type_learns_nothing() -> None:
    tea = taught(row=ROW | {"type": "Tea"})
    assert not tea.lesson
    assert tea.key == Inputs(COLUMNS, Plan(FIELDS)).of(1, ROW | {"type": "Tea"}).key


def test_other_demonstrations_make_another_key_and_the_same_ones_the_same() -> None:
    plain = Inputs(COLUMNS, Plan(FIELDS)).of(1, ROW).key
    assert taught().key == taught(number=7).key != plain
    corrected = [replace(COFFEES[0], answer={"brand": "Acme Co"}), *COFFEES[1:]]
    assert taught(corrected).key != taught().key


def test_a_demonstration_that_says_nothing_about_a_row_leaves_its_key() -> None:
    far = coffee(90, "Zest Herbal Infusion", brand="Zest")
    assert taught([*COFFEES, far]).lesson.shown == taught().lesson.shown


def test_long_demonstrations_give_way_to_short_ones_within_the_budget() -> None:
    long = coffee(1, "Long " * lessons.LONGEST, brand="Long")
    wide = [coffee(at, "Wide " * 280, brand="Wide") for at in range(2, 6)]
    fits = shown([long, *wide, coffee(9, "Short", brand="Short")], FIELDS)
    assert len(fits) == 3
    assert fits[-1].text == "Short"
    assert sum(len(one.text) + len(one.answer) for one in fits) <= lessons.BUDGET


def test_a_demonstration_that_judges_none_of_the_fields_is_not_shown() -> None:
    other = coffee(1, "Acme Coffee", origin="Peru")
    assert shown([other, COFFEES[0]], FIELDS)[0].text == COFFEES[0].text
    assert len(shown([other], FIELDS)) == 0


def test_values_of_every_kind_are_shown_as_the_model_should_give_them() -> None:
    fields = parse_fields(
        [
            {"name": "Organic", "type": "boolean"},
            {"name": "grams", "type": "number"},
            {"name": "notes", "type": "list"},
        ]
    )
    answer = {"organic": False, "grams": 250, "notes": ["nut", "cocoa"]}
    (one,) = shown([Demonstration("1", "", "Coffee", answer)], fields)
    assert json.loads(one.answer) == {"Organic": False, "grams": 250, "notes": ["nut", "cocoa"]}


def test_what_was_approved_under_another_case_of_a_field_name_is_learnt_too() -> None:
    found = [
        replace(one, answer={name.upper(): value for name, value in one.answer.items()})
        for one in COFFEES
    ]
    assert taught(found).lesson == taught().lesson


def test_the_result_is_what_model_and_approved_rows_say_together() -> None:
    outcome, _ = extract(taught(), '{"brand":"Jute","roast":"Dark Roast Coffee"}')
    values = {name: value.text() for name, value in outcome.values.items()}
    assert values == {"brand": "Jute", "roast": "Dark Roast", "size": "14 oz"}
    start, end = outcome.values["roast"].start, outcome.values["roast"].end
    assert ROW["title"][start:end] == "Dark Roast"


def test_rows_that_are_shown_the_same_come_after_each_other() -> None:
    titles = ["Jute Dark Roast", "Kiln Medium Roast Beans", "Loom Dark Roast", "Moss Light Roast"]
    inputs = Inputs(COLUMNS, Plan(FIELDS), shares_words(COFFEES))
    items = inputs.all((at, {"title": title, "type": "Coffee"}) for at, title in enumerate(titles))
    numbers = [item.row_no for item in in_prompt_order(items)]
    assert abs(numbers.index(0) - numbers.index(2)) == 1
    assert sorted(numbers) == [0, 1, 2, 3]


def test_rows_without_text_and_lessons_that_show_nothing_need_no_search() -> None:
    def refuse(texts: Sequence[str], product_type: str, k: int) -> list[list[Demonstration]]:
        raise AssertionError

    none = Lessons(lambda kind: COFFEES, refuse, shown=0)
    empty, other = Inputs(COLUMNS, Plan(FIELDS), none).all([(1, {"title": ""}), (2, ROW)])
    assert not empty.lesson
    assert other.lesson.evidence
    assert other.lesson.shown == ()


def test_the_same_words_for_two_fields_are_kept_once_where_nothing_was_learnt() -> None:
    item = Inputs(COLUMNS, Plan(FIELDS)).of(1, ROW)
    reply = {"brand": "Jute", "roast": "14 oz", "size": "14 oz"}
    outcome, _ = extract(item, json.dumps(reply))
    assert {name: one.text() for name, one in outcome.values.items()} == {
        "brand": "Jute",
        "roast": "14 oz",
    }
    assert outcome.notes == ("size: the same words as roast, left out",)


def test_a_required_field_keeps_words_that_another_one_has() -> None:
    fields = (*FIELDS[:2], Field(name="size", required=True))
    item = Inputs(COLUMNS, Plan(fields)).of(1, ROW)
    outcome, _ = extract(item, '{"brand": "Jute", "roast": "14 oz", "size": "14 oz"}')
    assert outcome.values["size"].text() == "14 oz"
