"""The pool: the verdict first, then every endpoint with its lanes, then what it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
import streamlit as st

from core import ports, services, usage
from core.condition import Condition
from core.db import Database
from core.endpoint_state import State
from core.endpoints import Endpoint
from core.errors import RateLimited
from core.pool import Pool, open_pool
from core.programs import Service
from core.services import ServiceStatus
from core.settings import Settings
from core.statuses import Lane, Mode
from core.supervisor import State as ProcessState
from core.usage import Call, Tokens, Use
from pages.parts import endpoint_card
from pages.parts.lanes import summed
from tests.pages.conftest import Open, button, texts

ENDPOINT = Endpoint("gpu", "http://gpu:8000/v1", "qwen", slots=8, input_price=1.0)


def report(monkeypatch: pytest.MonkeyPatch, **states: ProcessState) -> None:
    now = datetime.now(UTC)
    found = [
        ServiceStatus(
            Service(name), state, 1, now, state is ProcessState.RUNNING, "it ended at once"
        )
        for name, state in states.items()
    ]
    monkeypatch.setattr(services, "status", lambda settings: found)


@pytest.fixture
def pool(settings: Settings) -> Iterator[Pool]:
    ports.allocate(settings)
    with closing(open_pool(settings)) as opened:
        yield opened


def test_all_is_well(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=ProcessState.RUNNING, worker=ProcessState.RUNNING)
    shown = texts(page("pages/pool.py"))
    assert "Everything is running" in shown
    assert "Search server" in shown


def test_a_part_that_is_down_is_told(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=ProcessState.RUNNING, worker=ProcessState.FATAL)
    shown = texts(page("pages/pool.py"))
    assert "1 part is not running" in shown
    assert "it ended at once" in shown


def test_starting_is_no_alarm(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=ProcessState.STARTING, worker=ProcessState.RUNNING)
    app = page("pages/pool.py")
    assert not [one for one in app.warning if "not running" in one.value]
    assert "Starting" in texts(app)


def test_an_endpoint_shows_its_lanes_and_what_it_took(page: Open, db: Database, pool: Pool) -> None:
    calls = [
        Call(Lane.CHAT, "embedded", "tiny", Tokens(1000, 50), 2000.0, ttft_ms=1200.0),
        Call(Lane.BATCH, "embedded", "tiny", Tokens(500, 20), 900.0, "http 500"),
    ]
    with db.write() as connection:
        usage.record(connection, calls)
    pool.admit()
    shown = texts(page("pages/pool.py"))
    assert "Chat 1 · Background jobs 0 · free 3, of 4 places" in shown
    assert "<dd>1.2 s</dd>" in shown
    assert "<dd>2 (1 failed)</dd>" in shown
    assert "Well" in shown


def test_an_endpoint_that_takes_whole_jobs_says_so(
    page: Open, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    st.cache_resource.clear()
    assert "within 24 hours, at about half the price" in texts(page("pages/pool.py"))


def test_an_endpoint_is_drained_paused_and_opened_from_the_page(page: Open, pool: Pool) -> None:
    app = page("pages/pool.py")
    button(app, "Drain").click().run()
    assert "takes no new calls" in texts(app)
    assert pool.states()[0][0].condition.mode is Mode.DRAINING
    button(app, "Open again").click().run()
    button(app, "Pause").click().run()
    assert pool.states()[0][0].condition.mode is Mode.PAUSED
    button(app, "Open again").click().run()
    assert pool.states()[0][0].condition.mode is Mode.OPEN


def test_an_endpoint_in_trouble_says_why_and_when_it_is_tried_again(page: Open, pool: Pool) -> None:
    endpoint = pool.roster.endpoints()[0]
    pool.met(endpoint, RateLimited("x", retry_after_s=40))
    shown = texts(page("pages/pool.py"))
    assert "Resting" in shown
    assert "asked us to slow down" in shown
    assert "about 40 seconds" in shown


def test_the_plots_appear_when_there_is_something_to_see(
    page: Open, db: Database, pool: Pool
) -> None:
    assert "No model was asked in this time" in texts(page("pages/pool.py"))
    with db.write() as connection:
        usage.record(connection, [Call(Lane.CHAT, "e", "m", Tokens(9, 9), 1.0, ttft_ms=5.0)])
    app = page("pages/pool.py")
    assert len(app.get("vega_lite_chart")) == 2
    assert not app.exception


def state(**parts: object) -> State:
    condition = Condition("gpu", **parts)  # type: ignore[arg-type]
    return State(ENDPOINT, condition, chat=2, batch=5, waiting=1, room=5, rest_s=0.0)


def test_the_bar_shows_each_slot() -> None:
    drawn = endpoint_card.slots_html(state())
    assert drawn.count('<i class="sk-chat">') == 2
    assert drawn.count('<i class="sk-batch">') == 5
    assert drawn.count('<i class="">') == 1
    assert "1 question</b> waiting" in drawn


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({}, "Well"),
        ({"mode": Mode.DRAINING}, "Draining"),
        ({"mode": Mode.PAUSED}, "Paused"),
        ({"failures": 3}, "Being tried again"),
    ],
)
def test_health_in_a_word(parts: dict[str, object], word: str) -> None:
    assert endpoint_card.health(state(**parts))[0] == word


def test_cost_is_told_with_its_currency() -> None:
    assert endpoint_card.cost(state(), 0.004) == "under $0.01"
    assert endpoint_card.cost(state(), 12.5) == "$12.50"


def test_lanes_sum_over_endpoints() -> None:
    now = time.time()
    uses = [
        Use(now, "a", Lane.CHAT, 1, 0, Tokens(1, 1), 0.5),
        Use(now, "b", Lane.CHAT, 2, 1, Tokens(2, 2), 0.25),
        Use(now, "b", Lane.BATCH, 9, 0, Tokens(9, 9), 1.0),
    ]
    both = summed(uses, Lane.CHAT)
    assert (both.calls, both.failed, both.tokens, both.cost) == (3, 1, Tokens(3, 3), 0.75)
