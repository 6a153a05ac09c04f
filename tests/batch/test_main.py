from __future__ import annotations

import csv
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from batch import control, jobs
from batch.__main__ import app
from batch.demonstrations import Product
from core import services
from core.db import Database
from core.services import Service
from core.settings import Settings, load_settings
from tests.batch.conftest import MakeJob
from tests.batch.processes import DEADLINE_S
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.forked import Forked

FIELDS = [{"name": "brand", "type": "text", "description": "who makes it"}]


class Shell:
    """Runs ``python -m batch`` against a fake endpoint in a home of its own."""

    def __init__(self, settings: Settings, endpoint: FakeEndpoint, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "SHOPKEEPER_HOME": str(settings.home),
            "OPENAI_BASE_URL": endpoint.url,
            "OPENAI_MODEL": "fake",
            "SHOPKEEPER_SAMPLE_SHOP": "false",
        }
        (folder / "fields.json").write_text(json.dumps(FIELDS))
        (folder / "in.csv").write_text(
            "sku,name,blurb\n" + "".join(f"S{n},Acme cup {n},nice {n}\n" for n in range(1, 21))
        )

    def start(self, *arguments: str) -> Forked:
        return Forked(
            "from batch.__main__ import app\napp()",
            *arguments,
            environment=self.environment,
            log=self._new("err"),
            output=self._new("out"),
        )

    def _new(self, name: str) -> Path:
        path = self.folder / f"command.{name}"
        path.write_text("")
        return path

    def call(self, *arguments: str) -> tuple[int, str, str]:
        """The command within this process, for what starts no service."""
        result = CliRunner().invoke(app, arguments, env=self.environment)
        return result.exit_code, result.stdout, result.stderr

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """The command as a process of its own."""
        code = self.start(*arguments).wait(DEADLINE_S)
        out, err = ((self.folder / f"command.{name}").read_text() for name in ("out", "err"))
        return code, out, err

    @contextmanager
    def open(self) -> Iterator[None]:
        """The worker is there meanwhile, as in an open shop: no command has to start it."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            settings = load_settings()
            services.ensure(settings, {Service.WORKER})
        try:
            yield
        finally:
            services.stop(settings)

    def extract(self, *more: str, out: str = "out.csv", source: str = "in.csv") -> list[str]:
        paths = (self.folder / name for name in (source, "fields.json", out))
        catalog, fields, target = (str(path) for path in paths)
        return ["extract", catalog, "--fields", fields, "--out", target, *more]


@pytest.fixture
def shell(settings: Settings, endpoint: FakeEndpoint, tmp_path: Path) -> Shell:
    return Shell(settings, endpoint, tmp_path)


def of_home(settings: Settings) -> list[psutil.Process]:
    """Processes that were started for this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SHOPKEEPER_HOME") == str(settings.home):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.processes
def test_a_catalog_goes_in_and_comes_out_with_its_results(
    shell: Shell, settings: Settings, endpoint: FakeEndpoint
) -> None:
    code, out, err = shell.run(*shell.extract("--json"))
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out)
    assert (summary["rows"], summary["done"], summary["failed"]) == (20, 20, 0)
    assert (summary["calls"], summary["prompt_tokens"]) == (20, 2000)
    with (shell.folder / "out.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["sku", "name", "blurb", "brand"]
    assert (rows[4]["sku"], rows[4]["brand"]) == ("S5", "Acme")
    assert of_home(settings) == []

    # The same again costs nothing, and another form needs no new calls.
    code, _, _ = shell.run(*shell.extract(out="out.jsonl"))
    assert code == 0
    assert endpoint.calls.total() == 20
    first = json.loads((shell.folder / "out.jsonl").read_text().splitlines()[0])
    assert first["values"] == {"brand": "Acme"}


@pytest.mark.processes
def test_fresh_reads_everything_again_and_otherwise_known_rows_cost_nothing(
    shell: Shell, endpoint: FakeEndpoint
) -> None:
    with shell.open():
        assert shell.run(*shell.extract())[0] == 0
        with (shell.folder / "in.csv").open("a") as file:
            file.write("S21,Acme cup 21,nice\nS22,Acme cup 22,nice\nS23,Acme cup 22,nice\n")
        code, _, err = shell.run(*shell.extract())
        assert code == 0
        assert "20 unchanged, 1 equal to another row, 2 to extract" in err
        assert endpoint.calls.total() == 22
        assert shell.run(*shell.extract("--fresh"))[0] == 0
        assert endpoint.calls.total() == 44
        assert shell.run(*shell.extract("--fresh"))[0] == 0
        assert endpoint.calls.total() == 66


@pytest.mark.processes
def test_each_product_type_is_asked_for_its_own_fields(
    shell: Shell, endpoint: FakeEndpoint, db: Database
) -> None:
    types = {"Cups": [{"name": "volume", "type": "number", "unit": "ml"}]}
    plan = {"by": "blurb", "fields": FIELDS, "types": types}
    (shell.folder / "fields.json").write_text(json.dumps(plan))
    (shell.folder / "in.csv").write_text("sku,name,blurb\nS1,Acme cup,cups\nS2,Acme hat,Hats\n")
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme", "volume": 300}')
    with shell.open():
        code, _, err = shell.run(*shell.extract())
        assert code == 0, err
        with (shell.folder / "out.csv").open(encoding="utf-8-sig") as file:
            found = [(row["brand"], row["volume"]) for row in csv.DictReader(file)]
        assert found == [("", "300"), ("Acme", "")]

        # Other fields of one type are another job, and only its rows are asked for again.
        types["Cups"][0]["description"] = "How much it holds."
        (shell.folder / "fields.json").write_text(json.dumps(plan))
        assert shell.run(*shell.extract())[0] == 0
    assert [job.calls for job in jobs.listing(db)] == [1, 2]
    assert jobs.listing(db)[0].plan.of_type("Cups")[0].description == "How much it holds."


@pytest.mark.processes
def test_rows_that_fail_are_named_and_the_exit_code_says_so(
    shell: Shell, db: Database, endpoint: FakeEndpoint
) -> None:
    bad = Reply(status=400, body=b"{}")
    good = Reply('{"brand": "Acme"}')
    endpoint.script = lambda text, _: bad if "cup 7\n" in text else good
    code, _, err = shell.run(*shell.extract())
    assert code == 3
    assert "Row 7 failed" in err
    (job,) = jobs.listing(db)
    code, out, _ = shell.call("failures", job.id, "--json")
    (failure,) = json.loads(out)
    assert failure == {"reason": "The endpoint answered with an error (400).", "rows": 1}
    code, _, err = shell.call("retry", job.id, "--endpoint", "elsewhere")
    assert code == 2
    assert "elsewhere" in err
    code, _, err = shell.call("retry", job.id, "--row", "7", "--row", "8", "--patience", "2")
    assert code == 0
    assert "2 rows" in err
    assert jobs.get(db, job.id).waiting == 2


@pytest.mark.processes
def test_an_interrupted_command_goes_on_with_the_same_job(
    shell: Shell, settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=1.0)
    process = shell.start(*shell.extract("--text", "name"))
    deadline = time.monotonic() + DEADLINE_S
    while not (found := jobs.listing(db)) or not found[0].done:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.wait(DEADLINE_S)
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
    code, _, err = shell.run(*shell.extract("--text", "name"))
    assert code == 0, err
    assert "Going on with job" in err
    (job,) = jobs.listing(db)
    assert job.done == 20
    assert of_home(settings) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "empty"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "not a CSV"),
        ("header.csv", b"sku,name\n", "no products"),
        ("gone.csv", None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_catalog_is_bad_input(
    shell: Shell, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (shell.folder / name).write_bytes(content)
    code, out, err = shell.call(*shell.extract(source=name))
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_a_file_over_the_limit_is_bad_input_and_says_what_to_do(shell: Shell) -> None:
    shell.environment["SHOPKEEPER_UPLOAD_LIMIT_MB"] = "1"
    (shell.folder / "large.csv").write_text("sku,name\n" + "A-1,Tent\n" * 200_000)
    code, _, err = shell.call(*shell.extract(source="large.csv"))
    assert code == 2
    assert "larger than 1 MB" in " ".join(err.split())
    assert "SHOPKEEPER_UPLOAD_LIMIT_MB" in err


def test_fields_and_columns_that_do_not_exist_are_named(shell: Shell) -> None:
    code, _, err = shell.call(*shell.extract("--id", "nowhere"))
    assert code == 2
    assert "nowhere" in err
    (shell.folder / "fields.json").write_text('[{"name": "x", "type": "colour"}]')
    code, _, err = shell.call(*shell.extract())
    assert code == 2
    assert "colour" in err


def test_an_output_of_another_form_is_refused_before_anything_runs(shell: Shell) -> None:
    code, _, err = shell.call(*shell.extract(out="out.xls"))
    assert code == 2
    assert ".csv, .xlsx, .parquet or .jsonl" in err


def test_jobs_are_listed_shown_and_decided_on(
    shell: Shell, db: Database, make_job: MakeJob
) -> None:
    code, out, _ = shell.call("jobs")
    assert (code, out.strip()) == (0, "No jobs yet.")
    job = make_job(3)
    assert shell.call("pause", job.id)[0] == 0
    code, out, _ = shell.call("show", job.id)
    assert json.loads(out)["status"] == "paused"
    assert shell.call("resume", job.id)[0] == 0
    control.cancel(db, job.id)
    code, _, err = shell.call("pause", job.id)
    assert code == 2
    assert "is not running" in err
    code, out, _ = shell.call("jobs", "--json")
    assert [found["job"] for found in json.loads(out)] == [job.id]
    assert shell.call("show", "nowhere")[0] == 2


def test_a_job_is_deleted_when_that_is_confirmed(
    shell: Shell, db: Database, make_job: MakeJob
) -> None:
    job = make_job(3)
    result = CliRunner().invoke(app, ["delete", job.id], env=shell.environment, input="n\n")
    assert result.exit_code == 2
    assert "gone for good" in result.stderr
    assert "Nothing was deleted" in result.stderr
    assert jobs.get(db, job.id)
    code, _, err = shell.call("delete", job.id, "--yes")
    assert code == 0, err
    assert jobs.listing(db) == []
    code, _, err = shell.call("delete", job.id, "--yes")
    assert code == 2
    assert "There is no job" in err


@pytest.mark.processes
def test_examples_of_a_file_are_used_and_new_ones_make_a_new_version(
    shell: Shell, db: Database
) -> None:
    examples = shell.folder / "examples.jsonl"
    held_back, shown = _cups()
    given = [{"text": text, "answer": {"brand": "Zenith"}} for text in (held_back, shown)]
    examples.write_text("\n".join(json.dumps(one) for one in given))
    with shell.open():
        code, _, _ = shell.run(*shell.extract("--no-demos"))
        assert code == 0
        code, _, err = shell.run(*shell.extract("--demos", str(examples)))
        assert code == 0
        assert "2 examples read, 2 new or changed, 1 kept aside" in err
        newest, oldest = jobs.listing(db)
        assert (oldest.learns, newest.learns) == (False, True)
        lines = (shell.folder / "out.csv").read_text(encoding="utf-8-sig").splitlines()
        assert [row["brand"] for row in csv.DictReader(lines)].count("Zenith") == 2
        code, _, err = shell.run(*shell.extract("--demos", str(examples)))
        assert (code, len(jobs.listing(db))) == (0, 2)
        examples.write_text(json.dumps({"text": shown, "answer": {"brand": "Other"}}))
        code, _, _ = shell.run(*shell.extract("--demos", str(examples)))
        again = jobs.listing(db)[0]
        assert (code, again.version, again.origin_id) == (0, 2, newest.id)


def _cups() -> tuple[str, str]:
    """Two rows as the model reads them: one that is held back, and one that is not."""
    texts = [f"name: Acme cup {number}\nblurb: nice {number}" for number in range(1, 21)]
    kept = [text for text in texts if Product(text, "", {}).held_back]
    return kept[0], next(text for text in texts if text not in kept)


PRICED = """
[[endpoint]]
name = "priced"
base_url = "{url}"
model = "fake"
input_price = 50.0
output_price = 500.0
supports = ["json_schema", "provider_batch"]
"""


@pytest.fixture
def priced(shell: Shell, endpoint: FakeEndpoint) -> Shell:
    """The same with an endpoint that charges a cent for each call."""
    path = shell.folder / "priced.toml"
    path.write_text(PRICED.format(url=endpoint.url))
    shell.environment["SHOPKEEPER_ENDPOINTS"] = str(path)
    lines = "".join(f"S{n},Acme cup {n},nice {n}\n" for n in range(1, 101))
    (shell.folder / "in.csv").write_text("sku,name,blurb\n" + lines)
    return shell


def forecast_of(shell: Shell, *more: str) -> list[str]:
    catalog, fields = str(shell.folder / "in.csv"), str(shell.folder / "fields.json")
    return ["forecast", catalog, "--fields", fields, *more]


@pytest.mark.processes
def test_a_forecast_tells_tokens_money_and_time_and_is_not_paid_for_twice(
    priced: Shell, endpoint: FakeEndpoint
) -> None:
    code, out, err = priced.run(*forecast_of(priced, "--json"))
    assert code == 0, err
    told = json.loads(out)
    assert (told["rows"], told["read"], told["to_ask"]) == (100, 20, 80)
    assert told["prompt_tokens"]["expected"] == 8000
    ways = told["ways"]
    assert ways["background"]["cost"]["expected"] == pytest.approx(0.8)
    assert ways["cheapest"]["cost"]["expected"] == pytest.approx(0.4)
    assert ways["cheapest"]["endpoints"] == ["priced"]
    assert ways["background"]["seconds"] > 0
    assert told["review"]["of"] == 20
    code, out, err = priced.run(*forecast_of(priced))
    assert "In the background" in out
    assert "$0.80" in out
    assert endpoint.calls.total() == 20
    code, out, err = priced.run(*priced.extract("--json"))
    assert code == 0, err
    assert "20 unchanged, 80 to extract" in err
    assert endpoint.calls.total() == 100


@pytest.mark.processes
def test_a_job_stops_at_its_budget_and_the_same_command_goes_on_with_a_larger_one(
    priced: Shell, endpoint: FakeEndpoint
) -> None:
    code, out, err = priced.run(*priced.extract("--budget", "0.25", "--json"))
    assert code == 3
    assert "The budget of $0.25 is used up: 25 rows are done, 75 left." in err
    told = json.loads(out)
    assert (told["status"], told["cost"], told["budget"]) == ("paused", 0.25, 0.25)
    code, _, err = priced.call("resume", told["job"])
    assert code == 2
    assert "Raise the budget first" in err
    code, _, err = priced.call("resume", told["job"], "--budget", "0.2")
    assert (code, "is used up" in err) == (2, True)
    code, out, err = priced.run(*priced.extract("--budget", "9", "--json"))
    assert code == 0, err
    assert json.loads(out)["done"] == 100
    assert endpoint.calls.total() == 100


def test_a_budget_without_any_price_is_refused(shell: Shell) -> None:
    code, _, err = shell.call(*shell.extract("--budget", "5"))
    assert code == 2
    assert "would never stop this job" in err
