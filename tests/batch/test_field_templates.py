from __future__ import annotations

import pytest

from batch.field_templates import template, template_names
from batch.fields import dump_fields, parse_fields
from batch.lint import lint
from batch.plan import Plan
from core.errors import FieldsError


def test_there_is_a_template_for_each_kind_of_shop_the_general_one_first() -> None:
    names = ("general", "apparel", "beauty", "electronics", "food", "home")
    assert template_names() == names


@pytest.mark.parametrize("name", template_names())
def test_a_template_is_usable_and_nothing_is_to_improve_about_it(name: str) -> None:
    fields = template(name)
    assert 6 <= len(fields) <= 10
    assert parse_fields(dump_fields(fields)) == fields
    assert lint(Plan(fields), context_tokens=4096) == []


def test_all_templates_can_be_used_in_one_plan() -> None:
    sets = {name: template(name) for name in template_names()[1:]}
    assert lint(Plan(template("general"), "Type", sets), context_tokens=4096) == []


def test_titles_and_search_terms_are_written_and_brands_are_copied() -> None:
    copied = {field.name: field.copied for field in template("general")}
    assert (copied["brand"], copied["seo_title"], copied["tags"]) == (True, False, False)


def test_a_template_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(FieldsError, match=r"no template “toys”. There are general, apparel"):
        template("toys")
