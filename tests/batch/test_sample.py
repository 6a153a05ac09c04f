from __future__ import annotations

from collections import Counter

from batch.fields import FieldSet
from batch.inputs import Input
from batch.sample import KNOWN, READ, UNKNOWN, Population, stratified
from tests.batch.conftest import FIELDS


def item(row_no: int, product_type: str, length: int, key: bytes | None = None) -> Input:
    fields: FieldSet = FIELDS
    return Input(
        row_no, {}, "x" * length, (), key or row_no.to_bytes(16, "little"), product_type, fields
    )


def population(*items: Input) -> Population:
    found = Population()
    found.add(items, known=[], read=[])
    return found


def test_each_product_type_has_its_share_and_so_have_short_and_long_texts() -> None:
    kinds = {1: "Shoes", 2: "shoes", 3: "Mugs"}
    items = [item(no, kinds[no % 4] if no % 4 else "Tents", no % 97) for no in range(1, 2001)]
    chosen = stratified(population(*items).distinct())
    assert len(set(chosen)) == 20
    assert list(chosen) == sorted(chosen)
    by_type = Counter(items[no - 1].product_type.casefold() for no in chosen)
    assert by_type == {"shoes": 10, "mugs": 5, "tents": 5}
    lengths = sorted(len(items[no - 1].text) for no in chosen if no % 4 in (1, 2))
    assert lengths[0] < 20 and lengths[-1] > 77
    assert chosen == stratified(population(*items).distinct()), "the same rows each time"


def test_a_small_catalog_is_read_whole() -> None:
    assert stratified(population(*(item(no, "", 5) for no in (3, 1, 2))).distinct()) == (1, 2, 3)
    assert stratified(Population().distinct()) == ()


def test_equal_rows_are_one_and_what_is_known_is_told() -> None:
    found = Population()
    found.add([item(1, "a", 3), item(2, "a", 3, key=b"x" * 16)], known=[1], read=[])
    found.add([item(3, "b", 3, key=b"x" * 16), item(4, "b", 3)], known=[], read=[4])
    rows = found.distinct()
    assert {int(row[0]): int(row[3]) for row in rows} == {1: KNOWN, 2: UNKNOWN, 4: READ}
