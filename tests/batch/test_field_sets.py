from __future__ import annotations

import threading
from pathlib import Path

import pytest

from batch import field_sets
from batch.field_sources import find_plan
from batch.fields import Field
from batch.plan import Plan
from core.db import Database
from core.errors import FieldsError
from tests.conftest import on_both

BRAND, COLOR = Field(name="brand"), Field(name="color")
ALL = Plan((BRAND,))
BY_TYPE = Plan((BRAND,), "Type", {"Tents": (BRAND, COLOR), "Air beds": (COLOR,)})


@on_both
def test_saving_makes_the_next_version_only_where_something_has_changed(db: Database) -> None:
    first = field_sets.save(db, "  Spring   range ", ALL)
    assert (first.name, first.version, first.plan) == ("Spring range", 1, ALL)
    assert field_sets.save(db, "Spring range", ALL) == first
    second = field_sets.save(db, "spring range", BY_TYPE)
    assert (second.name, second.version) == ("Spring range", 2)
    assert field_sets.save(db, "Spring range", ALL).version == 3
    assert [one.version for one in field_sets.versions(db, "Spring range")] == [3, 2, 1]


@on_both
def test_every_version_can_be_loaded_with_its_product_types_in_order(db: Database) -> None:
    field_sets.save(db, "Range", ALL)
    field_sets.save(db, "Range", BY_TYPE)
    assert field_sets.load(db, "Range").plan == BY_TYPE
    assert list(field_sets.load(db, "Range").plan.sets) == ["Tents", "Air beds"]
    assert field_sets.load(db, "RANGE", 1).plan == ALL
    with pytest.raises(FieldsError, match="“Range” has no version 7; its newest is 2"):
        field_sets.load(db, "Range", 7)
    with pytest.raises(FieldsError, match=r"no saved field set “x”. Saved are: “Range”"):
        field_sets.load(db, "x")


@on_both
def test_the_newest_version_of_each_set_is_listed_by_name(db: Database) -> None:
    assert field_sets.listing(db) == []
    for name, plan in (("zebra", ALL), ("Apple", ALL), ("zebra", BY_TYPE)):
        field_sets.save(db, name, plan)
    assert [(one.name, one.version) for one in field_sets.listing(db)] == [
        ("Apple", 1),
        ("zebra", 2),
    ]


@on_both
def test_deleting_takes_all_versions_of_one_set(db: Database) -> None:
    for name, plan in (("a", ALL), ("a", BY_TYPE), ("b", ALL)):
        field_sets.save(db, name, plan)
    assert field_sets.delete(db, "A") == 2
    assert field_sets.delete(db, "a") == 0
    assert [one.name for one in field_sets.listing(db)] == ["b"]
    assert field_sets.save(db, "a", ALL).version == 1


@on_both
def test_two_people_who_save_at_once_both_get_a_version(db: Database) -> None:
    plans = [Plan((Field(name=f"field {number}"),)) for number in range(2)]
    threads = [threading.Thread(target=field_sets.save, args=(db, "Range", one)) for one in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    kept = {one.plan.fields[0].name for one in field_sets.versions(db, "Range")}
    assert kept == {"field 0", "field 1"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_name_that_is_none_is_refused(db: Database, name: str) -> None:
    with pytest.raises(FieldsError, match="name"):
        field_sets.save(db, name, ALL)


def test_what_cannot_be_extracted_is_not_kept(db: Database) -> None:
    with pytest.raises(FieldsError, match="There are no fields"):
        field_sets.save(db, "x", Plan(()))
    assert field_sets.listing(db) == []


def test_a_name_stands_for_a_file_then_a_saved_set_then_a_template(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [one.name for one in find_plan(db, "Apparel").fields][:2] == ["brand", "garment"]
    field_sets.save(db, "apparel", BY_TYPE)
    assert find_plan(db, "Apparel") == BY_TYPE
    (tmp_path / "Apparel").write_text('[{"name": "from the file"}]')
    assert find_plan(db, "Apparel").fields[0].name == "from the file"
    with pytest.raises(FieldsError, match=r"“Other” is neither.*“apparel”.*Templates: general"):
        find_plan(db, "Other")
    with pytest.raises(FieldsError, match=r"none\.json could not be read"):
        find_plan(db, "none.json")
