"""``python -m batch fields``, and the ways ``extract`` takes fields."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batch.__main__ import app
from batch.field_templates import template, template_names
from batch.plan_file import parse_plan
from core.settings import Settings

BY_TYPE = {
    "by": "kind",
    "fields": [{"name": "brand", "description": "The maker's name."}],
    "types": {"Tents": [{"name": "persons", "type": "number", "description": "How many."}]},
}


class Shell:
    """Runs the command in this process, in a home of its own."""

    def __init__(self, home: Path, folder: Path) -> None:
        self._environment = {"SHOPKEEPER_HOME": str(home)}
        self.folder = folder

    def __call__(self, *arguments: str, answer: str = "") -> tuple[int, str, str]:
        result = CliRunner().invoke(app, arguments, env=self._environment, input=answer)
        return result.exit_code, result.stdout, " ".join(result.stderr.split())

    def write(self, name: str, plan: object) -> str:
        path = self.folder / name
        path.write_text(json.dumps(plan), encoding="utf-8")
        return str(path)


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    return Shell(settings.home, tmp_path)


def test_a_set_is_saved_listed_shown_by_version_and_deleted(shell: Shell) -> None:
    first, second = shell.write("a.json", [{"name": "brand"}]), shell.write("b.json", BY_TYPE)
    assert "No field sets are saved yet" in shell("fields", "list")[1]
    assert "“Range”, version 1" in shell("fields", "save", "Range", first)[2]
    assert "version 1: nothing has changed" in shell("fields", "save", "Range", first)[2]
    assert "version 2" in shell("fields", "save", "Range", second)[2]
    (listed,) = json.loads(shell("fields", "list", "--json")[1])
    assert (listed["name"], listed["version"]) == ("Range", 2)
    assert parse_plan(shell("fields", "show", "Range")[1]) == parse_plan(BY_TYPE)
    assert json.loads(shell("fields", "show", "Range", "--version", "1")[1])[0]["name"] == "brand"
    code, _, err = shell("fields", "delete", "Range", answer="n\n")
    assert (code, "Nothing was deleted" in err) == (2, True)
    assert shell("fields", "delete", "Range", "--yes")[0] == 0
    code, _, err = shell("fields", "show", "Range")
    assert (code, "no saved field set “Range”" in err) == (2, True)


def test_templates_are_listed_and_shown_as_files(shell: Shell) -> None:
    assert list(json.loads(shell("fields", "templates", "--json")[1])) == list(template_names())
    assert "seo_title" in shell("fields", "templates")[1]
    assert parse_plan(shell("fields", "show", "food")[1]).fields == template("food")


def test_lint_prints_its_advice_and_names_the_product_type(shell: Shell) -> None:
    types = {"Tents": [{"name": "colour", "description": "Such as red, such as blue."}]}
    path = shell.write("bad.json", BY_TYPE | {"types": types})
    code, out, err = shell("fields", "lint", path)
    assert code == 0
    assert out.startswith("Tents: “colour”: small models copy")
    assert "To improve: 1" in err
    (found,) = json.loads(shell("fields", "lint", path, "--json")[1])
    assert (found["product_type"], found["field"]) == ("Tents", "colour")
    assert "Nothing to improve" in shell("fields", "lint", "general")[2]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([], "There are no fields"),
        ([{"name": "a"}, {"name": "A"}], "Field 2 (“A”) has the same name as field 1"),
        ([{"name": "a", "type": "choice"}], "is a choice without choices"),
        (BY_TYPE | {"types": {"Tents": []}}, "Product type “Tents”: There are no fields"),
        (BY_TYPE | {"by": "Warengruppe"}, "column “Warengruppe”, which this file does not have"),
    ],
)
def test_extract_refuses_fields_that_cannot_be_used(
    shell: Shell, plan: object, message: str
) -> None:
    catalog = shell.folder / "in.csv"
    catalog.write_text("sku,name,kind\nA1,Cup,Cups\n")
    path, out = shell.write("fields.json", plan), str(shell.folder / "out.csv")
    code, _, err = shell("extract", str(catalog), "--fields", path, "--out", out)
    assert code == 2
    assert message in err


def test_extract_names_the_sets_and_templates_there_are_when_it_knows_none_of_that_name(
    shell: Shell,
) -> None:
    shell("fields", "save", "Range", shell.write("a.json", BY_TYPE))
    catalog = shell.folder / "in.csv"
    catalog.write_text("sku,name\nA1,Cup\n")
    out = str(shell.folder / "out.csv")
    code, _, err = shell("extract", str(catalog), "--fields", "Rnage", "--out", out)
    assert code == 2
    assert "“Rnage” is neither a file nor a name of fields. Saved sets: “Range”" in err
    assert "Templates: general, apparel" in err
