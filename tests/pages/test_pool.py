"""The pool: the verdict first, then each part, then what the model took."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core import ports, services, usage
from core.db import Database
from core.programs import Service
from core.schema import Lane
from core.services import ServiceStatus
from core.settings import Settings
from core.supervisor import State
from core.usage import Call, LaneUse, Tokens
from pages.parts.lanes import of_lane, percentile
from tests.pages.conftest import Open, texts


def report(monkeypatch: pytest.MonkeyPatch, **states: State) -> None:
    now = datetime.now(UTC)
    found = [
        ServiceStatus(Service(name), state, 1, now, state is State.RUNNING, "it ended at once")
        for name, state in states.items()
    ]
    monkeypatch.setattr(services, "status", lambda settings: found)


def test_all_is_well(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=State.RUNNING, worker=State.RUNNING)
    shown = texts(page("pages/pool.py"))
    assert "Everything is running" in shown
    assert "Search server" in shown


def test_a_part_that_is_down_is_told(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=State.RUNNING, worker=State.FATAL)
    shown = texts(page("pages/pool.py"))
    assert "1 part is not running" in shown
    assert "it ended at once" in shown


def test_starting_is_no_alarm(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    report(monkeypatch, chroma=State.STARTING, worker=State.RUNNING)
    app = page("pages/pool.py")
    assert not app.warning
    assert "Starting" in texts(app)


def test_todays_use_by_lane(page: Open, db: Database, settings: Settings) -> None:
    ports.allocate(settings)
    with db.write() as connection:
        calls = [
            Call(Lane.CHAT, "embedded", "tiny", Tokens(1000, 50), 2000.0, ttft_ms=1200.0),
            Call(Lane.BATCH, "embedded", "tiny", Tokens(500, 20), 900.0, "http 500", calls=7),
        ]
        usage.record(connection, calls)
    app = page("pages/pool.py")
    shown = {(metric.label, metric.value) for metric in app.metric}
    assert {("Calls", "7"), ("Failed", "7"), ("Tokens read", "1,000")} <= shown
    assert ("First word, usually", "1.2 s") in shown


def test_percentiles() -> None:
    ordered = [float(number) for number in range(1, 101)]
    assert percentile(ordered, 0.5) == 50.0
    assert percentile(ordered, 0.95) == 95.0
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([], 0.5) is None


def test_lanes_sum_over_endpoints() -> None:
    uses = [
        LaneUse("a", Lane.CHAT, 1, 0, Tokens(1, 1), (9.0,)),
        LaneUse("b", Lane.CHAT, 2, 1, Tokens(2, 2), (5.0,)),
        LaneUse("b", Lane.BATCH, 9, 0, Tokens(9, 9), ()),
    ]
    both = of_lane(uses, Lane.CHAT)
    assert (both.calls, both.failed, both.tokens) == (3, 1, Tokens(3, 3))
    assert both.ttft_ms == (5.0, 9.0)
