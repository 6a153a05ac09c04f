from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch import demonstration_files, demonstration_list, demonstrations
from batch.demonstration_list import Choice
from batch.demonstrations import Product
from core.db import Database
from core.errors import CatalogError
from tests.conftest import on_both


def written(path: Path, *items: Any) -> Path:
    lines = (item if isinstance(item, str) else json.dumps(item) for item in items)
    path.write_text("\n".join(lines) + "\n")
    return path


def published(text: str, category: str = "Tea", **scores: str) -> dict[str, Any]:
    """A product as OA-Mine has it."""
    accepted = {name: {value: 1} for name, value in scores.items()}
    return {"input": text, "category": category, "target_scores": accepted}


@on_both
def test_published_data_sets_are_read_and_what_a_product_lacks_is_said(
    db: Database, tmp_path: Path
) -> None:
    file = written(
        tmp_path / "train.jsonl",
        published("Green Leaf Sencha", Brand="Green Leaf", Flavor="n/a"),
        published("Assam 20 bags", Count="20 bags"),
        published("Espresso", "Coffee", Roast="dark"),
    )
    found = demonstration_files.import_file(db, file)
    assert (found.read, found.added) == (3, 3)
    answers = {one.text: one.answer for one in demonstration_list.listing(db)}
    assert answers == {
        "Green Leaf Sencha": {"Brand": "Green Leaf", "Flavor": None, "Count": None},
        "Assam 20 bags": {"Brand": None, "Flavor": None, "Count": "20 bags"},
        "Espresso": {"Roast": "dark"},
    }


@on_both
def test_what_is_exported_can_be_imported_elsewhere(db: Database, tmp_path: Path) -> None:
    answer = {"brand": "Ärmel", "tags": ["a", "b"], "size": 2, "new": True, "color": None}
    with db.write() as connection:
        demonstrations.add(
            connection, [Product("Tea", "Drinks", answer), Product("Cup", "", {"a": 1})]
        )
    (cup,) = demonstration_list.listing(db, Choice(search="Cup"))
    demonstrations.switch(db, [cup.id], enabled=False)
    file = tmp_path / "out.jsonl"
    file.write_bytes(b"".join(demonstration_files.export(db)))
    before = {(one.text, one.product_type, one.enabled) for one in demonstration_list.listing(db)}
    for one in demonstration_list.listing(db):
        demonstrations.remove(db, [one.id])
    assert demonstration_files.import_file(db, file).added == 2
    after = demonstration_list.listing(db)
    assert {(one.text, one.product_type, one.enabled) for one in after} == before
    assert next(one.answer for one in after if one.text == "Tea") == answer


def test_the_same_file_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", {"text": "Tea", "answer": {"brand": "Acme"}})
    demonstration_files.import_file(db, file)
    at = demonstration_list.listing(db)[0].updated_at
    found = demonstration_files.import_file(db, file)
    assert (found.read, found.added) == (1, 0)
    assert demonstration_list.listing(db)[0].updated_at == at


def test_what_was_approved_here_stands(db: Database, tmp_path: Path) -> None:
    with db.write() as connection:
        demonstrations.add(connection, [Product("Tea", "", {"brand": "Acme"}, {}, "job", 1)])
    file = written(tmp_path / "a.jsonl", {"text": "Tea", "answer": {"brand": "Zenith"}})
    found = demonstration_files.import_file(db, file)
    assert (found.added, found.approved) == (0, 1)
    assert demonstration_list.listing(db)[0].answer == {"brand": "Acme"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 must be a JSON object"),
        ('{"answer": {"a": 1}}', "line 2 has no “text”"),
        ('{"text": "Tea"}', "line 2 has no “answer”"),
        ('{"text": "Tea", "answer": {"a": {"b": 1}}}', "line 2: the value of “a”"),
    ],
)
def test_a_line_that_is_no_example_is_named_and_nothing_is_taken(
    db: Database, tmp_path: Path, line: str, said: str
) -> None:
    file = written(tmp_path / "a.jsonl", {"text": "Tea", "answer": {"a": 1}}, line)
    with pytest.raises(CatalogError, match=said):
        demonstration_files.import_file(db, file)
    assert demonstration_list.count(db) == 0


def test_an_empty_file_and_a_missing_one_are_told(db: Database, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="has no examples"):
        demonstration_files.import_file(db, written(tmp_path / "a.jsonl", ""))
    with pytest.raises(CatalogError, match="cannot be read"):
        demonstration_files.import_file(db, tmp_path / "none.jsonl")
