"""``python -m batch extract --cheapest``."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from batch.__main__ import app
from core.settings import PROJECT
from tests.batch.provider.conftest import ProviderShop
from tests.fake_batches import KEY

FIELDS = [{"name": "brand", "type": "text", "description": "who makes it"}]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "fields.json").write_text(json.dumps(FIELDS))
    lines = (f"S{number},Acme cup {number} 2 l" for number in range(1, 21))
    (tmp_path / "in.csv").write_text("\n".join(["sku,name", *lines]))
    paths = (str(tmp_path / name) for name in ("in.csv", "fields.json", "out.csv"))
    catalog, fields, out = paths
    return ["extract", catalog, "--fields", fields, "--out", out]


def variables(shop: ProviderShop) -> dict[str, str]:
    return {
        "SHOPKEEPER_HOME": str(shop.settings.home),
        "SHOPKEEPER_ENDPOINTS": str(shop.settings.endpoint_file),
        "SHOPKEEPER_SAMPLE_SHOP": "false",
        "PROVIDER_KEY": KEY,
    }


@pytest.mark.processes
def test_a_catalog_goes_to_the_provider_and_comes_back(
    shop: ProviderShop, arguments: list[str]
) -> None:
    command = [sys.executable, "-m", "batch", *arguments, "--cheapest", "--json"]
    done = subprocess.run(
        command,
        env=os.environ | variables(shop),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    assert (summary["done"], summary["provider"]) == (20, "provider")
    assert shop.provider.sizes() == [20]
    with Path(arguments[-1]).open(encoding="utf-8-sig") as file:
        assert [row["brand"] for row in csv.DictReader(file)] == ["Acme"] * 20


def test_an_endpoint_must_offer_it(shop: ProviderShop, arguments: list[str]) -> None:
    def told(*more: str) -> str:
        result = CliRunner().invoke(app, [*arguments, *more], env=variables(shop))
        assert result.exit_code == 2
        return " ".join(result.stderr.replace("│", " ").split())

    assert "does not offer batches; provider does" in told("--cheapest", "--endpoint", "other")
    assert "goes with --cheapest" in told("--endpoint", "provider")
    said = shop.settings.endpoint_file.read_text().replace(', "provider_batch"', "")
    shop.settings.endpoint_file.write_text(said)
    assert "No endpoint offers batches" in told("--cheapest")
