from __future__ import annotations

import io

import pytest

from batch import uploads
from batch.product_types import type_columns, type_counts
from batch.uploads import Upload
from core.db import Database
from core.errors import CatalogError
from core.settings import Settings

HEAD = "sku,title,price,group,Product type,Vendor,code\n"


def store(settings: Settings, db: Database, rows: list[str]) -> Upload:
    data = io.BytesIO((HEAD + "\n".join(rows)).encode())
    return uploads.store(settings, db, "goods.csv", data)


def rows(count: int) -> list[str]:
    types = ("Tents", "tents ", "Shoes", "", "Tents")
    return [
        f"S{n},Thing number {n},{n}.50,{n % 3},{types[n % 5]},Maker {n % 2},X{n}"
        for n in range(count)
    ]


def test_columns_with_few_values_are_offered_the_likeliest_first(
    settings: Settings, db: Database
) -> None:
    upload = store(settings, db, rows(60))
    columns = uploads.guess(settings, upload)
    assert type_columns(settings, upload, columns) == ("Product type", "Vendor")


def test_a_file_without_such_a_column_offers_none(settings: Settings, db: Database) -> None:
    data = io.BytesIO(b"sku,title\n" + b"".join(b"S%d,Thing %d\n" % (n, n) for n in range(50)))
    upload = uploads.store(settings, db, "goods.csv", data)
    assert type_columns(settings, upload, uploads.guess(settings, upload)) == ()


def test_products_are_counted_over_the_whole_file_whatever_the_case(
    settings: Settings, db: Database
) -> None:
    upload = store(settings, db, rows(2500))
    assert type_counts(settings, upload, "Product type") == {"Tents": 1500, "Shoes": 500}


def test_a_column_that_is_not_there_is_named(settings: Settings, db: Database) -> None:
    upload = store(settings, db, rows(5))
    with pytest.raises(CatalogError, match="no column “Kind”"):
        type_counts(settings, upload, "Kind")
