from __future__ import annotations

import os
from pathlib import Path

import pytest

from core import ports, roster, tokens
from core.endpoints import OPENAI_URL, Endpoint, Feature
from core.errors import ServiceError, SettingError
from core.roster import Roster, configured, embedded_slots, needs_embedded
from core.settings import Settings, load_settings
from core.statuses import Lane
from core.usage import Tokens

FILE = """\
currency = "EUR"

[[endpoint]]
name = "embedded"
embedded = true
slots = 6

[[endpoint]]
name = "gpu"
base_url = "http://gpu.local:8000/v1"
model = "qwen"
key_env = "GPU_KEY"
slots = 64
reserve = 4
rpm = 600
input_price = 1.0
output_price = 2.0
lanes = ["batch"]
supports = ["json_schema", "priority"]
"""


def write(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "endpoints.toml"
    path.write_text(text)
    return load_settings(home=tmp_path / "home", endpoints=path)


def only(settings: Settings) -> Endpoint:
    (found,) = configured(settings)
    return found


def test_openai_is_meant_when_only_a_key_is_given() -> None:
    found = only(load_settings(openai_api_key="sk-secret"))
    assert (found.name, found.base_url, found.is_openai) == ("openai", OPENAI_URL, True)
    assert found.api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr(found)
    assert found.offers_batches


def test_another_server_needs_no_key_but_a_model() -> None:
    url = "http://localhost:11434/v1"
    found = only(load_settings(openai_base_url=url, openai_model="llama3.2", slots=4))
    assert (found.base_url, found.model, found.batch_slots) == (url, "llama3.2", 3)
    with pytest.raises(SettingError, match="OPENAI_MODEL"):
        configured(load_settings(openai_base_url=url))


def test_batch_has_a_slot_even_where_there_is_only_one() -> None:
    assert only(load_settings(openai_api_key="k", slots=1)).batch_slots == 1


def test_the_embedded_model_must_have_been_started(settings: Settings) -> None:
    with pytest.raises(ServiceError, match="make run"):
        Roster(settings).endpoints()
    ports.allocate(settings)
    (found,) = Roster(settings).endpoints()
    assert found.base_url.startswith("http://127.0.0.1:")
    assert found.api_key == tokens.model(settings)
    assert Feature.ID_SLOT in found.supports


def test_the_file_names_every_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "secret")
    settings = write(tmp_path, FILE)
    first, gpu = configured(settings)
    assert (first.slots, first.lanes, first.pins_slots) == (6, frozenset(Lane), True)
    assert (gpu.slots, gpu.reserve, gpu.rpm, gpu.batch_slots) == (64, 4, 600, 60)
    assert (gpu.lanes, gpu.supports) == (
        frozenset({Lane.BATCH}),
        frozenset({Feature.JSON_SCHEMA, Feature.PRIORITY}),
    )
    assert gpu.api_key.get_secret_value() == "secret"
    assert gpu.currency == "EUR"
    assert needs_embedded(settings)
    assert embedded_slots(settings) == 6


def test_the_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "endpoints.example.toml"
    assert only(write(tmp_path, example.read_text())).name == "embedded"


def test_everything_in_the_example_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPU_KEY", "k")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    lines = (Path(__file__).parents[2] / "endpoints.example.toml").read_text().splitlines()
    # A line that is commented out has its hash, a space and TOML.
    uncommented = [
        line[2:] if line.startswith("# ") and (" = " in line or line.startswith("# [[")) else line
        for line in lines
    ]
    found = configured(write(tmp_path, "\n".join(uncommented)))
    assert [one.name for one in found] == ["embedded", "gpu", "openai"]
    assert found[0].beside_chat == 0
    assert [one.offers_batches for one in found] == [False, False, True]
    assert (found[2].batch_price, found[2].batch_requests, found[2].batch_mb) == (0.5, 50_000, 200)


WRONG = {
    "a misspelt key": ("slots = 64", "slot = 64", r"line 13, slot: there is no such key"),
    "a number out of range": ("slots = 64", "slots = 0", r"line 13, slots: .*greater"),
    "a missing key": ('model = "qwen"\n', "", r"line 8, model: this key is missing"),
    "a missing variable": ("GPU_KEY", "NO_KEY", r"line 12, key_env: .*NO_KEY is not set"),
    "an unknown lane": ('["batch"]', '["night"]', r"line 18, lanes: .*'chat' or 'batch'"),
    "a name twice": ('"gpu"', '"embedded"', r"line 9, name: another endpoint"),
    "no TOML": ("[[endpoint]]", "[[endpoint", r"not valid TOML: .*line 3"),
    "an odd currency": ('"EUR"', '"euro"', r"line 1, currency: "),
    "a reserve of everything": ("reserve = 4", "reserve = 64", r"line 14, reserve: .*64 slots"),
    "a batch of too many": (
        "rpm = 600",
        "batch_requests = 60000",
        r"line 15, batch_requests: .*50000",
    ),
    "an address beside embedded": (
        "slots = 6\n",
        'model = "x"\n',
        r"line 6, model: the embedded model has its own",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_by_line_and_key(
    old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPU_KEY", "k")
    with pytest.raises(SettingError, match=message):
        configured(write(tmp_path, FILE.replace(old, new, 1)))


def test_a_file_that_is_named_but_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_ENDPOINTS"):
        configured(load_settings(endpoints=tmp_path / "none.toml"))
    with pytest.raises(SettingError, match="at least one"):
        configured(write(tmp_path, 'currency = "EUR"\n'))


def test_a_change_is_taken_up_and_a_broken_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "LOOK_S", 0.0)
    monkeypatch.setenv("GPU_KEY", "k")
    gpu = FILE[FILE.index('[[endpoint]]\nname = "gpu"') :]
    settings = write(tmp_path, gpu)
    found = Roster(settings)
    assert found.endpoints()[0].slots == 64
    _change(settings, gpu.replace("64", "32"))
    assert found.endpoints()[0].slots == 32
    _change(settings, gpu.replace("slots = 64", "slots = many"))
    assert found.endpoints()[0].slots == 32
    assert found.problem is not None
    assert "line 6" in found.problem
    _change(settings, gpu.replace("64", "8"))
    assert found.endpoints()[0].slots == 8
    assert found.problem is None


def _change(settings: Settings, text: str) -> None:
    settings.endpoint_file.write_text(text)
    moment = settings.endpoint_file.stat().st_mtime_ns + 1_000_000
    os.utime(settings.endpoint_file, ns=(moment, moment))


def test_the_cost_counts_what_the_server_had_read_before() -> None:
    one = Endpoint("e", "u", "m", input_price=1.0, output_price=4.0, cached_price=0.1)
    assert one.cost(Tokens(1_000_000, 500_000, 400_000)) == pytest.approx(0.6 + 0.04 + 2.0)
    without = Endpoint("e", "u", "m", input_price=1.0, output_price=4.0)
    assert without.cost(Tokens(1_000_000, 0, 400_000)) == pytest.approx(1.0)


def test_a_batch_costs_its_share_of_every_price() -> None:
    one = Endpoint("e", "u", "m", input_price=1.0, output_price=4.0, cached_price=0.1)
    taken = Tokens(1_000_000, 500_000, 400_000)
    assert one.in_batches().cost(taken) == pytest.approx(one.cost(taken) / 2)
    third = Endpoint("e", "u", "m", input_price=1.0, batch_price=0.3)
    assert third.in_batches().cost(taken) == pytest.approx(0.3)
