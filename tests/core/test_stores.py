"""Which addresses the keys of this machine may be used for."""

from __future__ import annotations

import pytest

from core.errors import SettingError
from core.settings import load_settings
from core.stores import is_open

NAMED = ("s3://shop/catalogs", "gs://feeds/")


@pytest.mark.parametrize(
    "address",
    [
        "s3://shop/catalogs",
        "s3://shop/catalogs/",
        "s3://shop/catalogs/*.csv",
        "s3a://shop/catalogs/shoes/a.csv",
        "S3://shop/catalogs/a.csv",
        "gcs://feeds/x",
    ],
)
def test_what_was_named_and_what_is_below_it_is_open(address: str) -> None:
    assert is_open(address, NAMED)


@pytest.mark.parametrize(
    "address",
    [
        "s3://shop",
        "s3://shop/*/a.csv",
        "s3://shop/catalogs*/a.csv",
        "s3://shop/catalogs-of-others/a.csv",
        "s3://shop/catalogs/../others/a.csv",
        "s3://shop/./catalogs/a.csv",
        "s3://other/catalogs/a.csv",
        "s3:///shop/catalogs/a.csv",
        "s3://shop//catalogs/a.csv",
        "s3://SHOP/catalogs/a.csv",
        "s3://arn:aws:s3:eu-west-1:1:accesspoint/shop/catalogs/a.csv",
        "gs://shop/catalogs/a.csv",
        "shop/catalogs/a.csv",
        "",
    ],
)
def test_whatever_else_is_closed(address: str) -> None:
    assert not is_open(address, NAMED)


def test_nothing_is_open_that_was_not_named() -> None:
    settings = load_settings()
    assert settings.open_for_imports == settings.open_for_exports == ()
    assert not is_open("s3://shop/a.csv", ())


def test_several_are_named_with_commas_between_them() -> None:
    settings = load_settings(import_stores=" s3://shop/a , gs://feeds ")
    assert settings.open_for_imports == ("s3://shop/a", "gs://feeds")


@pytest.mark.parametrize("wrong", ["s3://", "shop", "s3://a,b", "s3://a/*", "true", "s3:///a"])
def test_what_names_no_store_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_EXPORT_STORES"):
        load_settings(export_stores=wrong)
