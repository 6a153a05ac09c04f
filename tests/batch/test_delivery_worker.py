"""Deliveries by real worker processes, killed in the middle."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from batch import deliveries, delivery_control, destinations
from batch.deliveries import Delivery
from batch.destination_options import DestinationKind
from batch.jobs import Job
from core import events
from core.db import Database
from core.events import EventKind
from core.settings import Settings
from core.statuses import DeliveryStatus, JobStatus
from tests import postgres
from tests.batch.conftest import MakeJob
from tests.batch.delivering import asked, counts, destination, finished, sql_options
from tests.batch.processes import DEADLINE_S, until, until_ended, worker
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.postgres import Postgres
from tests.receiver import Answer, Receiver

pytestmark = pytest.mark.processes

ROWS, KILLS = 2_000, 3
#: Many small blocks, so that a kill falls into the middle.
SMALL_BLOCKS = "from batch.sql_target import SqlTarget\nSqlTarget.at_once = 50"
OPEN = {"SHOPKEEPER_PRIVATE_TARGETS": "127.0.0.1"}


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as server:
        yield server


def until_delivered(db: Database, delivery: Delivery) -> Delivery:
    until(lambda: not deliveries.get(db, delivery.id).active)
    return deliveries.get(db, delivery.id)


def killed_often(
    settings: Settings, db: Database, endpoint: FakeEndpoint, delivery: Delivery, before: str
) -> Delivery:
    """The delivery after several workers that were killed in it, and one that was not."""
    moments, positions = random.Random(5), [0]
    for _ in range(KILLS):
        with worker(settings, endpoint, before=before, **OPEN) as process:
            began = positions[-1]
            until(lambda: deliveries.get(db, delivery.id).position > began)  # noqa: B023
            time.sleep(moments.uniform(0, 0.1))
            process.kill()
            process.wait(DEADLINE_S)
        positions.append(deliveries.get(db, delivery.id).position)
    assert deliveries.get(db, delivery.id).active, "every kill was in its middle"
    with worker(settings, endpoint, before=before, **OPEN):
        return until_delivered(db, delivery)


def test_kills_in_the_middle_lose_and_double_no_row_of_a_postgres_table(
    settings: Settings, db: Database, endpoint: FakeEndpoint, postgres: Postgres
) -> None:
    theirs = postgres.new_database()
    engine = sa.create_engine(theirs, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in WATCHED:
            connection.execute(sa.text(statement))
    to = destination(settings, db, DestinationKind.SQL, sql_options(theirs))
    job = finished(settings, db, ROWS)
    slow = f"{SMALL_BLOCKS}\n{SLOW.format('batch.sql_upsert.Upsert.put')}"
    delivery = killed_often(settings, db, endpoint, asked(db, to, job), slow)
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (ROWS, ROWS, ROWS, 0)
    with engine.connect() as connection:
        there = connection.execute(sa.text("SELECT product_id FROM products")).scalars().all()
        done = Counter(connection.execute(sa.text("SELECT product_id, act FROM acts")).all())
    assert sorted(there) == sorted(f"P{number}" for number in range(1, ROWS + 1))
    assert done == Counter({(f"P{number}", "INSERT"): 1 for number in range(1, ROWS + 1)})
    engine.dispose()


#: A table that notes everything that is done to it.
WATCHED = (
    "CREATE TABLE products (product_id TEXT PRIMARY KEY)",
    "CREATE TABLE acts (product_id TEXT, act TEXT)",
    "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO acts VALUES (NEW.product_id, TG_OP); RETURN NEW; END $$",
    "CREATE TRIGGER watch AFTER INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION noted()",
)
#: Takes its time before it returns, as over a slow line: what was done is not noted yet.
SLOW = """
import time, importlib
owner, name = "{0}".rsplit(".", 1)
module, cls = owner.rsplit(".", 1)
kind = getattr(importlib.import_module(module), cls)
quick = getattr(kind, name)
def slow(*given, **named):
    found = quick(*given, **named)
    time.sleep(0.02)
    return found
setattr(kind, name, slow)
"""


def test_kills_in_the_middle_tell_a_webhook_everything_once(
    settings: Settings, db: Database, endpoint: FakeEndpoint, receiver: Receiver
) -> None:
    given = {"address": receiver.url, "rows_at_once": 20, "signing": receiver.secret}
    to = destination(settings, db, DestinationKind.WEBHOOK, given)
    job = finished(settings, db, ROWS)
    # It fails on purpose now and then, and sometimes after it has understood.
    chance = random.Random(3)
    receiver.script = lambda _said, _before: Answer(503 if chance.random() < 0.05 else 200)
    quick = "from core import webhook\nwebhook._GROWING = lambda _: 0.01\n"
    slow = quick + SLOW.format("batch.webhook_target.WebhookTarget.say")
    delivery = killed_often(settings, db, endpoint, asked(db, to, job), slow)
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (ROWS, ROWS, ROWS, 0)
    told = [one["product_id"] for said in receiver.taken.values() for one in said["products"]]
    assert Counter(told) == Counter(f"P{number}" for number in range(1, ROWS + 1))
    assert receiver.forged == 0


#: A file is written in many small pieces, one after the other.
SLOW_FILE = """
import time
from batch import delivering, downloads
downloads.BLOCK_BYTES = 10_000
quick = delivering.download
def slow(*given, **named):
    for piece in quick(*given, **named):
        yield piece
        time.sleep(0.2)
delivering.download = slow
"""


def test_a_kill_while_a_file_is_written_leaves_the_one_before_and_then_the_whole_new_one(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    given = {"folder": "feeds", "form": "jsonl", "name": "nightly"}
    to = destination(settings, db, DestinationKind.FILE, given)
    file = settings.exports / "feeds" / "nightly.jsonl"
    with worker(settings, endpoint):
        until_delivered(db, asked(db, to, finished(settings, db, 10)))
    before = file.read_bytes()
    assert before.count(b"\n") == 10
    delivery = asked(db, to, finished(settings, db, ROWS))
    with worker(settings, endpoint, before=SLOW_FILE) as process:
        until(lambda: any(one.stat().st_size for one in beside(file)))
        process.kill()
        process.wait(DEADLINE_S)
    assert deliveries.get(db, delivery.id).active, "the kill was in its middle"
    assert file.read_bytes() == before
    with worker(settings, endpoint):
        ended = until_delivered(db, delivery)
    assert (ended.status, counts(ended)) == (DeliveryStatus.DONE, (ROWS, ROWS, ROWS, 0))
    assert file.read_bytes().count(b"\n") == ROWS
    assert list(file.parent.iterdir()) == [file], "nothing half is left beside it"


def beside(file: Path) -> list[Path]:
    return [one for one in file.parent.iterdir() if one != file]


def test_a_delivery_is_taken_up_ends_and_is_told_of(
    settings: Settings, db: Database, endpoint: FakeEndpoint
) -> None:
    assert events.unhandled(db, "test") == []
    to = destination(settings, db, DestinationKind.FILE, {"folder": "feeds", "form": "csv"})
    job = finished(settings, db, 10)
    with worker(settings, endpoint):
        delivery = until_delivered(db, asked(db, to, job))
        assert counts(delivery) == (10, 10, 10, 0)
        bad = destination(
            settings, db, DestinationKind.WEBHOOK, {"address": "http://127.0.0.1:1/hook"}
        )
        given_up = until_delivered(db, asked(db, bad, job))
    assert given_up.status is DeliveryStatus.FAILED
    assert "SHOPKEEPER_PRIVATE_TARGETS" in given_up.reason
    told = [(one.kind, one.subject) for one in events.unhandled(db, "test")]
    assert told[-2:] == [
        (EventKind.DELIVERY_DONE, delivery.id),
        (EventKind.DELIVERY_FAILED, given_up.id),
    ]


def test_a_delivery_pauses_and_goes_on_from_there(
    settings: Settings, db: Database, endpoint: FakeEndpoint, receiver: Receiver
) -> None:
    given = {"address": receiver.url, "rows_at_once": 10, "signing": receiver.secret}
    to = destination(settings, db, DestinationKind.WEBHOOK, given)
    slow = SLOW.format("batch.webhook_target.WebhookTarget.say")
    delivery = asked(db, to, finished(settings, db, 1_000))
    with worker(settings, endpoint, before=slow, **OPEN):
        until(lambda: len(receiver.taken) >= 3)
        delivery_control.pause(db, delivery.id)
        quiet(lambda: len(receiver.heard))
        assert len(receiver.heard) < 100
        delivery_control.resume(db, delivery.id)
        ended = until_delivered(db, delivery)
    assert counts(ended) == (1_000, 1_000, 1_000, 0)
    told = [one["product_id"] for said in receiver.taken.values() for one in said["products"]]
    assert len(told) == len(set(told)) == 1_000


def quiet(count: Callable[[], int]) -> None:
    """Wait until a number does not grow any more."""
    before = -1
    while (now := count()) != before:
        before = now
        time.sleep(0.5)


@contextmanager
def stuck(receiver: Receiver) -> Iterator[None]:
    """For as long as the context lasts the receiver has not answered."""
    held = [True]

    def hold(_said: object, _before: int) -> Answer:
        while held[0]:
            time.sleep(0.02)
        return Answer(200)

    receiver.script = hold
    try:
        yield
    finally:
        held[0] = False


def test_jobs_do_not_wait_for_a_destination_that_does_not_answer(
    settings: Settings,
    db: Database,
    endpoint: FakeEndpoint,
    receiver: Receiver,
    make_job: MakeJob,
) -> None:
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}')
    job = finished(settings, db, 50)
    slow: list[Job] = []
    with stuck(receiver), worker(settings, endpoint, **OPEN):
        for number in range(6):
            given = {"address": receiver.url, "signing": receiver.secret}
            kind = DestinationKind.WEBHOOK
            to = destinations.add(settings, db, f"Slow {number}", kind, given)
            asked(db, to, job)
        until(lambda: len(receiver.hosts) >= 4)
        slow.append(until_ended(db, make_job(1_500)))
    assert slow[0].status is JobStatus.DONE


def test_two_deliveries_to_one_place_go_one_after_the_other(
    settings: Settings, db: Database, endpoint: FakeEndpoint, receiver: Receiver
) -> None:
    given = {"address": receiver.url, "rows_at_once": 10, "signing": receiver.secret}
    to = destination(settings, db, DestinationKind.WEBHOOK, given)
    first = asked(db, to, finished(settings, db, 200))
    second = asked(db, to, finished(settings, db, 201))
    with worker(settings, endpoint, **OPEN):
        until_delivered(db, second)
    assert deliveries.get(db, first.id).sent == 200
    assert deliveries.get(db, second.id).sent == 1
    order = [said["delivery"] for _, said in receiver.heard]
    assert order == sorted(order, key=[first.id, second.id].index)


def test_a_delivery_of_a_job_that_is_deleted_ends_with_the_reason(
    settings: Settings, db: Database, endpoint: FakeEndpoint, receiver: Receiver
) -> None:
    from batch import control

    given = {"address": receiver.url, "rows_at_once": 10, "signing": receiver.secret}
    to = destination(settings, db, DestinationKind.WEBHOOK, given)
    job = finished(settings, db, 100)
    delivery = asked(db, to, job)
    control.delete(db, job.id)
    with worker(settings, endpoint, **OPEN):
        until(lambda: not deliveries.listing(db))
    assert receiver.heard == []
    with pytest.raises(Exception, match="no longer there"):
        deliveries.get(db, delivery.id)
