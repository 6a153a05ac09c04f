"""The questions over the sample shop: as many, and as right, as they have to be."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import CatalogError
from core.settings import SAMPLE
from rag.cases import Case, read_cases

CASES = read_cases(SAMPLE / "cases.jsonl")
LEAST = {
    "find": 25,
    "filter": 20,
    "count": 12,
    "exact": 15,
    "compare": 8,
    "policy": 25,
    "follow-up": 12,
    "not in the shop": 15,
    "two in one": 6,
    "typos": 10,
    "languages": 5,
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda known, said: said in known if isinstance(known, list) else known == said,
    "has": lambda known, said: any(
        said in part for part in (known if isinstance(known, list) else [known])
    ),
    "<": lambda known, said: known < said,
    "<=": lambda known, said: known <= said,
    ">": lambda known, said: known > said,
    ">=": lambda known, said: known >= said,
}


class Shop:
    """What the files say, read without anything of ours."""

    def __init__(self) -> None:
        with (SAMPLE / "catalog.csv").open(encoding="utf-8", newline="") as file:
            self.rows = {row["id"]: row for row in csv.DictReader(file)}
        lines = (SAMPLE / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
        self.values = {row["id"]: row["values"] for row in map(json.loads, lines)}

    def known(self, id: str, field: str) -> Any:
        row = self.rows[id]
        if field == "price":
            price = row["price"].strip("$")
            return float(price) if price and row["currency"] == "USD" else None
        if field == "stock":
            return int(row["stock"]) if row["stock"] else None
        if field == "department":
            return row["department"] or None
        value = self.values[id].get(field)
        return value["value"] if value else None

    def fits(self, id: str, field: str, comparison: str, said: Any) -> bool:
        known = self.known(id, field)
        return known is not None and COMPARED[comparison](known, said)

    def chosen(self, case: Case) -> list[str]:
        assert case.where is not None
        return [id for id in self.rows if all(self.fits(id, *one) for one in case.where)]


SHOP = Shop()


def test_there_are_enough_questions_of_every_kind_in_two_halves() -> None:
    kinds = Counter(case.kind for case in CASES)
    assert len(CASES) >= 130
    assert {kind: kinds[kind] >= least for kind, least in LEAST.items()} == dict.fromkeys(
        LEAST, True
    )
    halves = Counter((case.kind, case.half) for case in CASES)
    for kind in LEAST:
        assert abs(halves[kind, "tune"] - halves[kind, "held out"]) <= 1


def test_every_product_and_document_that_is_expected_exists() -> None:
    documents = {path.stem for path in (SAMPLE / "policies").iterdir()}
    for case in CASES:
        named = {*case.must, *case.any, *case.only, *case.never} | {case.first or "FH-1001"}
        assert named <= SHOP.rows.keys(), case.id
        assert set(case.documents) <= documents, case.id
        assert not {*case.must, *case.any} & set(case.never), case.id
        assert not case.only or set(case.must) <= set(case.only), case.id


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.where is not None], ids=lambda case: case.id
)
def test_what_is_expected_is_what_the_files_say(case: Case) -> None:
    chosen = SHOP.chosen(case)
    if case.gives == "count":
        assert case.count == len(chosen)
        assert str(case.count) in case.facts[0]
        assert {*case.must, *case.any} <= set(chosen)
    elif case.gives == "products":
        assert set(case.must) == set(chosen)
    else:
        way, field = (case.gives or "").split()
        known = {id: SHOP.known(id, field) for id in chosen}
        numbers = {id: number for id, number in known.items() if number is not None}
        best = (max if way == "highest" else min)(numbers, key=lambda id: numbers[id])
        assert list(numbers.values()).count(numbers[best]) == 1, "two are the best"
        assert case.first == best
        assert f"{numbers[best]:g}" in case.facts[0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "b", "kind": "find"}', r"line 2: question: Field required"),
        ('{"id": "b", "kind": "find", "question": "?"}', r"line 2: .*says nothing about what"),
        ('{"id": "a", "kind": "find", "question": "?", "must": ["x"]}', r"two cases with the id a"),
        ('{"id": "b", "kind": "find", "question": "?", "must": ["x"], "mist": 1}', r"line 2: mist"),
        ("{", r"line 2: "),
    ],
)
def test_a_malformed_case_is_named_by_its_line(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "a", "kind": "find", "question": "?", "must": ["x"]}\n' + line)
    with pytest.raises(CatalogError, match=told):
        read_cases(path)


def test_an_empty_and_a_missing_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"cases\.jsonl cannot be read"):
        read_cases(tmp_path / "cases.jsonl")
    (tmp_path / "cases.jsonl").write_text("\n")
    with pytest.raises(CatalogError, match="is empty"):
        read_cases(tmp_path / "cases.jsonl")
