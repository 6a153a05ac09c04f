from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from batch.columns import Columns
from batch.fields import FieldSet
from batch.plan import Plan
from batch.trial import try_rows
from core.chat_lane import ChatLane
from core.db import Database
from core.pool import open_pool
from core.settings import Settings, load_settings
from core.usage_tables import usage
from tests.fake_endpoint import FakeEndpoint, Reply


@pytest.fixture
def lane(settings: Settings, endpoint: FakeEndpoint) -> Iterator[ChatLane]:
    remote = load_settings(home=settings.home, openai_base_url=endpoint.url, openai_model="fake")
    with closing(ChatLane(open_pool(remote))) as opened:
        yield opened


def test_trying_rows_gives_each_back_when_it_is_ready(
    endpoint: FakeEndpoint, db: Database, lane: ChatLane, fields: FieldSet
) -> None:
    slow = "Acme slow"
    endpoint.script = lambda text, _: Reply('{"brand": "Acme"}', delay_s=0.4 if text == slow else 0)
    rows = [(1, {"title": "Acme slow"}), (2, {"title": "Acme fast"})]
    outcomes = list(try_rows(db, lane, Columns(text=("title",)), Plan(fields), rows))
    assert [outcome.row_no for outcome in outcomes if outcome] == [2, 1]


def test_leaving_a_trial_early_cancels_what_is_under_way(
    endpoint: FakeEndpoint, db: Database, lane: ChatLane, fields: FieldSet
) -> None:
    endpoint.script = lambda text, _: Reply("{}", delay_s=5 if "slow" in text else 0)
    rows = [(1, {"title": "slow"}), (2, {"title": "fast"})]
    trial = try_rows(db, lane, Columns(text=("title",)), Plan(fields), rows)
    first = next(trial)
    assert first is not None and first.row_no == 2
    trial.close()
    deadline = time.monotonic() + 5
    while not endpoint.cancelled and time.monotonic() < deadline:
        time.sleep(0.01)
    assert endpoint.cancelled == 1


def test_a_trial_is_recorded_as_chat_since_a_person_waits(
    endpoint: FakeEndpoint, db: Database, lane: ChatLane, fields: FieldSet
) -> None:
    list(try_rows(db, lane, Columns(text=("title",)), Plan(fields), [(1, {"title": "Acme"})]))
    with db.read() as connection:
        row = connection.execute(sa.select(usage)).mappings().one()
    assert (row["lane"], row["outcome"], row["job_id"]) == ("chat", "ok", None)
    states, _ = lane.pool.states()
    assert states[0].chat == 0
