"""What people are told of their jobs, by real workers over a real mail server and a webhook."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from batch import control, destinations, notice_words, notice_work, schedules
from batch.budget import Budget
from batch.destination_options import DestinationKind
from batch.jobs import Job
from core import events, notice_channels, notice_sendings, notices
from core.db import Database
from core.events import Event, EventKind
from core.notice_channels import ChannelKind
from core.notices import NoticeKind, Told
from core.settings import Settings
from tests import postgres
from tests.batch.conftest import MakeJob
from tests.batch.processes import until, until_ended, worker
from tests.batch.scheduling import NIGHTLY
from tests.batch.test_budget import PRICED
from tests.fake_endpoint import FakeEndpoint, Reply
from tests.mail_sink import MailSink
from tests.receiver import Receiver

GOOD = Reply('{"brand": "Acme", "capacity": 2}')
#: A brand that does not stand in the row.
DOUBTFUL = Reply('{"brand": "Zenith", "capacity": 2}')
#: Rests between tries that a test can wait for.
SHORT_RESTS = "import core.notice_sendings as sendings\nsendings.RESTS_S = (0.5,)\n"


@pytest.fixture(params=postgres.BOTH)
def database(request: pytest.FixtureRequest) -> str | None:
    return postgres.of_parameter(request)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path, security="starttls", auth=True).running() as server:
        yield server


@pytest.fixture
def anna(settings: Settings, db: Database) -> str:
    """The channel of somebody who wants to know everything."""
    email = ChannelKind.EMAIL
    return notice_channels.add(settings, db, email, "anna@example.com", list(NoticeKind)).id


def told(db: Database) -> Told:
    [notice] = notices.listing(db, 10)
    return notice.told


def until_mails(sink: MailSink, count: int) -> list[EmailMessage]:
    until(lambda: len(sink.mails) >= count)
    return sink.mails


@pytest.mark.processes
def test_a_job_that_ends_is_told_in_the_app_by_mail_and_by_webhook(
    settings: Settings,
    db: Database,
    make_job: MakeJob,
    endpoint: FakeEndpoint,
    sink: MailSink,
    anna: str,
) -> None:
    endpoint.script = lambda _text, _before: GOOD
    job = make_job(20)
    variables = sink.environment | {
        "SHOPKEEPER_URL": "https://shop.example.com/back/",
        "SHOPKEEPER_PRIVATE_TARGETS": "127.0.0.1",
    }
    with Receiver().running() as receiver:
        some = [NoticeKind.ENDED]
        hook = notice_channels.add(settings, db, ChannelKind.WEBHOOK, receiver.url, some)
        receiver.secret = notice_channels.hook(settings, hook).secret
        with worker(settings, endpoint, **variables):
            until_ended(db, job)
            [got] = until_mails(sink, 1)
            until(lambda: bool(receiver.taken))
            until(lambda: all(one.sent_at for one in notice_sendings.standings(db).values()))
    assert told(db) == Told(
        NoticeKind.ENDED, "“Bottles” is finished", "20 of 20 rows done.", f"jobs?job={job.id}"
    )
    link = f"https://shop.example.com/back/jobs?job={job.id}"
    body = got.get_body(("plain",))
    assert got["Subject"] == "“Bottles” is finished" and body is not None
    assert link in body.get_content() and "20 of 20 rows done." in body.get_content()
    [said] = receiver.taken.values()
    assert said["type"] == "notice.ended"
    assert said["data"]["url"] == link
    assert receiver.forged == 0


@pytest.mark.processes
def test_rows_that_wait_for_review_lead_there(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint
) -> None:
    endpoint.script = lambda text, _before: DOUBTFUL if "bottle 3 " in text else GOOD
    job = make_job(10)
    with worker(settings, endpoint):
        until_ended(db, job)
        until(lambda: notices.newest(db) > 0)
    one = told(db)
    assert one.kind is NoticeKind.REVIEW
    assert one.title == "“Bottles” is finished: 1 row waits for review"
    assert one.link == f"review?job={job.id}"


@pytest.mark.processes
def test_a_budget_that_is_used_up_is_told_with_what_to_do(
    settings: Settings,
    db: Database,
    make_job: MakeJob,
    endpoint: FakeEndpoint,
    sink: MailSink,
    anna: str,
) -> None:
    endpoint.script = lambda _text, _before: Reply('{"brand": "Acme"}', delay_s=0.1)
    job = make_job(60)
    control.pause(db, job.id)
    control.resume(db, job.id, Budget(0.2, "USD"))
    priced = settings.home / "endpoints.toml"
    priced.write_text(PRICED.format(url=endpoint.url))
    with worker(settings, endpoint, SHOPKEEPER_ENDPOINTS=str(priced), **sink.environment):
        [got] = until_mails(sink, 1)
    assert got["Subject"] == "“Bottles” has used up its budget"
    body = got.get_body(("plain",))
    assert body is not None
    assert "Raise the budget and resume." in body.get_content()
    assert told(db).link == f"jobs?job={job.id}"


@pytest.mark.processes
def test_a_job_that_fails_is_told_with_the_reason_once_the_mail_server_is_back(
    settings: Settings,
    db: Database,
    make_job: MakeJob,
    endpoint: FakeEndpoint,
    tmp_path: Path,
    anna: str,
) -> None:
    sink = MailSink(tmp_path, security="starttls", auth=True)
    with sink.running():
        pass
    endpoint.script = lambda _text, _before: Reply(status=401)
    failing = make_job(5)
    with worker(settings, endpoint, before=SHORT_RESTS, **sink.environment):
        until(lambda: bool(notice_sendings.standings(db)[anna].problem))
        assert "cannot be reached" in notice_sendings.standings(db)[anna].problem
        until_ended(db, failing)
        with sink.running():
            until(lambda: notice_sendings.standings(db)[anna].waiting == 0)
    assert {one["Subject"] for one in sink.mails} == {"“Bottles” was stopped by a problem"}
    assert notice_sendings.standings(db)[anna].problem == ""


@pytest.mark.processes
def test_a_worker_that_dies_before_it_can_note_that_it_sent_sends_the_same_mail_again(
    settings: Settings,
    db: Database,
    make_job: MakeJob,
    endpoint: FakeEndpoint,
    sink: MailSink,
    anna: str,
) -> None:
    endpoint.script = lambda _text, _before: GOOD
    make_job(3)
    dies = (
        "import os, signal, core.notice_sendings as sendings\n"
        "sendings.TAKEN_S = 1.0\n"
        "sendings.arrived = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with worker(settings, endpoint, before=dies, **sink.environment) as process:
        assert process.wait(300) == -9
    assert notice_sendings.standings(db)[anna].waiting == 1
    with worker(settings, endpoint, **sink.environment):
        first, second = until_mails(sink, 2)
        until(lambda: notice_sendings.standings(db)[anna].waiting == 0)
    assert first["Message-ID"] == second["Message-ID"]
    assert len(sink.mails) == 2


@pytest.mark.processes
def test_a_mail_server_that_says_nothing_holds_up_no_job(
    settings: Settings, db: Database, make_job: MakeJob, endpoint: FakeEndpoint, anna: str
) -> None:
    endpoint.script = lambda _text, _before: GOOD
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {
            "SHOPKEEPER_SMTP_HOST": "127.0.0.1",
            "SHOPKEEPER_SMTP_PORT": str(silent.getsockname()[1]),
            "SHOPKEEPER_SMTP_FROM": "shop@example.com",
        }
        with worker(
            settings, endpoint, before="import core.mail\ncore.mail.TIMEOUT_S = 900", **variables
        ):
            until_ended(db, make_job(3))
            until(lambda: bool(notice_sendings.standings(db)))
            # One waits for the server; jobs and notices in the app go on.
            until_ended(db, make_job(50))
            until(lambda: len(notices.listing(db, 10)) == 2)
            assert notice_sendings.standings(db)[anna].waiting == 2


def of(db: Database, kind: EventKind, subject: str, **details: object) -> Told | None:
    return notice_words.told(db, Event(1, kind, subject, details, time.time()))


def test_words_for_deliveries_and_schedules_name_them_and_the_reason(
    settings: Settings, db: Database
) -> None:
    to = destinations.add(settings, db, "Shop DB", DestinationKind.CHAT, {})
    sent = {"destination_id": to.id, "sent": 1_200}
    failed = of(db, EventKind.DELIVERY_FAILED, "d1", **sent, reason="No route.")
    assert failed == Told(
        NoticeKind.DELIVERY, "A delivery to “Shop DB” failed", "No route.", "destinations"
    )
    partly = of(db, EventKind.DELIVERY_DONE, "d1", **sent, failed=3)
    assert partly == Told(
        NoticeKind.DELIVERY,
        "A delivery to “Shop DB” left out 3 rows",
        "1,200 were delivered.",
        "destinations",
    )
    nightly = schedules.create(db, NIGHTLY)
    assert of(db, EventKind.SCHEDULE_FAILED, nightly.id, reason="No file.") == Told(
        NoticeKind.SCHEDULE, "The schedule “Nightly” failed", "No file.", "schedules"
    )


def test_what_went_well_or_is_gone_is_no_news(settings: Settings, db: Database) -> None:
    to = destinations.add(settings, db, "Shop DB", DestinationKind.CHAT, {})
    assert of(db, EventKind.DELIVERY_DONE, "d1", destination_id=to.id, sent=3, failed=0) is None
    assert of(db, EventKind.DELIVERY_FAILED, "d1", destination_id="nowhere") is None
    assert of(db, EventKind.SCHEDULE_FAILED, "nowhere", reason="No file.") is None
    assert of(db, EventKind.JOB_APPROVED, "j1") is None


def test_a_job_that_was_deleted_meanwhile_is_not_spoken_of(db: Database, make_job: MakeJob) -> None:
    job = make_job(1)
    control.delete(db, job.id)
    assert of(db, EventKind.JOB_DONE, job.id) is None
    assert of(db, EventKind.JOB_FAILED, "nowhere") is None


def test_an_event_that_cannot_be_told_keeps_back_none_after_it(
    db: Database, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = make_job(1), make_job(1)
    notice_work.tell(db)
    for job in (broken, good):
        with db.write() as connection:
            events.record(connection, EventKind.JOB_FAILED, job.id, {"reason": "No model."})
    before = notice_words.told

    def told_or_not(db: Database, event: Event) -> Told | None:
        if event.subject == broken.id:
            raise ZeroDivisionError
        return before(db, event)

    monkeypatch.setattr(notice_words, "told", told_or_not)
    notice_work.tell(db)
    notice_work.tell(db)
    [notice] = notices.listing(db, 10)
    assert notice.told.link == f"jobs?job={good.id}"


def test_a_long_name_and_a_long_reason_are_cut(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job: Job = make_job(1)
    one = of(db, EventKind.JOB_FAILED, job.id, reason="x" * 5_000)
    assert one is not None and len(one.text) == notice_words.LONGEST_REASON
    to = destinations.add(settings, db, f"a\tb {'y' * 70}", DestinationKind.CHAT, {})
    one = of(db, EventKind.DELIVERY_FAILED, "d1", destination_id=to.id)
    assert one is not None and "\t" not in one.title and len(one.title) < 120
