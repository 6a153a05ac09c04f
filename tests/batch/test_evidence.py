from __future__ import annotations

from typing import Any

from batch.evidence import NO_RULES, Witness, settle
from batch.fields import parse_fields
from tests.batch.lessons import COFFEES, FIELDS, coffee


def settled(text: str, answer: dict[str, Any], witness: Witness | None = None) -> dict[str, Any]:
    sees = witness or Witness(COFFEES, FIELDS)
    return settle(FIELDS, answer, text, sees.about(text), sees.rules)


def test_what_the_model_left_out_is_filled_in_from_what_was_approved_before() -> None:
    answer = settled("Jute Dark Roast Coffee, 14 oz", {"brand": "Jute"})
    assert answer == {"brand": "Jute", "roast": "Dark Roast", "size": "14 oz"}


def test_a_value_that_goes_too_far_is_cut_to_what_was_approved_before() -> None:
    answer = settled("Jute Dark Roast Coffee, 14 oz", {"roast": "Dark Roast Coffee"})
    assert answer["roast"] == "Dark Roast"


def test_a_value_copied_from_a_demonstration_is_dropped_where_the_row_does_not_have_it() -> None:
    answer = settled("Jute Coffee, 14 oz", {"brand": "Jute", "roast": "Dark Roast"})
    assert "roast" not in answer


def test_a_new_value_of_the_model_stands_in_a_field_whose_values_are_mostly_new() -> None:
    answer = settled("Quartz & Sons Dark Roast Coffee, 14 oz", {"brand": "Quartz & Sons"})
    assert answer["brand"] == "Quartz & Sons"


def test_one_passage_goes_to_the_field_that_more_speaks_for() -> None:
    answer = settled("Jute Light Roast Coffee", {"brand": "Light Roast", "roast": "Light Roast"})
    assert answer["roast"] == "Light Roast"
    assert answer.get("brand") != "Light Roast"


def test_fields_whose_values_overlap_in_what_was_approved_may_share_words() -> None:
    fields = parse_fields([{"name": "brand"}, {"name": "model"}])
    shoes = [
        coffee(at, f"{name} Runner {at} Shoe", brand=name, model=f"{name} Runner {at}")
        for at, name in enumerate(
            ["Nike", "Puma", "Asics", "Nike", "Puma", "Asics", "Nike", "Puma"]
        )
    ]
    sees = Witness(shoes, fields)
    text = "Nike Runner 9 Shoe"
    answer = {"brand": "Nike", "model": "Nike Runner 9"}
    assert settle(fields, answer, text, sees.about(text), sees.rules) == answer


def test_fields_that_are_not_copied_stay_as_the_model_gave_them() -> None:
    fields = parse_fields(
        [
            {"name": "brand"},
            {"name": "organic", "type": "boolean"},
            {"name": "summary", "manner": "write"},
        ]
    )
    sees = Witness(COFFEES, fields)
    given = {"brand": "Jute", "organic": True, "summary": "A dark coffee."}
    text = "Jute Dark Roast Coffee"
    assert settle(fields, given, text, sees.about(text), sees.rules) == given


def test_a_required_field_keeps_what_the_model_gave_where_nothing_else_is_found() -> None:
    fields = parse_fields([{"name": "brand"}, {"name": "roast", "required": True}])
    sees = Witness(COFFEES, fields)
    text = "Jute Coffee"
    answer = settle(fields, {"roast": "Blond"}, text, sees.about(text), sees.rules)
    assert answer["roast"] == "Blond"


def test_no_value_goes_from_one_column_into_the_next() -> None:
    text = "title: Jute Coffee, Dark\nRoast: with care"
    assert settled(text, {}).get("roast") != "Dark\nRoast"
    assert settled("title: Jute Coffee\nblurb: Dark Roast", {})["roast"] == "Dark Roast"


def test_without_demonstrations_an_answer_stays_as_it_is() -> None:
    given = {"brand": "not there"}
    assert settle(FIELDS, given, "Jute", (), NO_RULES) == given


def test_one_demonstration_is_enough_to_learn_a_value() -> None:
    sees = Witness(COFFEES[:1], FIELDS)
    assert settled("Jute Dark Roast, 3 oz", {}, sees)["roast"] == "Dark Roast"
