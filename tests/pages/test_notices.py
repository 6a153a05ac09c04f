"""The bell, the list of notices, and the addresses that they are sent to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import notice_channels, notice_sendings, notices
from core.db import Database
from core.notice_channels import ChannelKind
from core.notices import NoticeKind, Told
from core.settings import Settings
from pages.parts import visitor
from tests.mail_sink import MailSink
from tests.pages.conftest import Open, button, keyed, texts
from tests.receiver import Receiver

ENDED = Told(NoticeKind.ENDED, "“Bottles” is finished", "3 of 3 rows done.", "jobs?job=a")
FAILED = Told(NoticeKind.FAILED, "“Bottles” was stopped by a problem", "No model.", "jobs?job=a")


def tell(db: Database, *told: Told, first: int = 1) -> None:
    for event_id, one in enumerate(told, first):
        notices.add(db, event_id, one, time.time())


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("SHOPKEEPER_PRIVATE_TARGETS", "127.0.0.1")
    with Receiver().running() as server:
        yield server


@pytest.fixture
def sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailSink]:
    with MailSink(tmp_path, security="starttls", auth=True).running() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def sidebar(app: AppTest) -> str:
    return " ".join(str(one.proto) for one in app.sidebar)


def test_an_empty_page_says_what_will_be_here(page: Open) -> None:
    app = page("pages/notices.py")
    assert not app.exception and not app.error
    assert "Nothing has happened yet" in texts(app)
    assert "Nobody is told outside of this page yet" in texts(app)


def test_the_bell_counts_what_was_not_seen_and_is_quiet_after_all_was(
    page: Open, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor, "_cookie", lambda: "a" * 32)
    tell(db, ENDED, FAILED)
    app = page("pages/jobs.py")
    assert "2 new notices" in sidebar(app)
    keyed(app, "bell-seen").click().run()
    assert "new notices" not in sidebar(app)
    app = page("pages/notices.py")
    links = [one.proto for one in app.get("page_link") if "Bottles" in one.proto.label]
    assert [one.label for one in links] == [
        "“Bottles” was stopped by a problem",
        "“Bottles” is finished",
    ] * 2
    assert {one.query_string for one in links} == {"job=a"}


def test_shoppers_hear_of_nothing_at_the_counter(page: Open, db: Database) -> None:
    tell(db, ENDED)
    app = page("pages/chat.py")
    assert "notice" not in sidebar(app)
    assert not app.toast


def test_what_comes_while_a_page_is_open_is_said_once(page: Open, db: Database) -> None:
    tell(db, ENDED)
    app = page("pages/jobs.py")
    assert not app.toast
    tell(db, FAILED, ENDED, first=2)
    app.run()
    [toast] = app.toast
    assert "is finished" in toast.value and "and 1 more" in toast.value
    app.run()
    assert not app.toast


def test_an_address_is_added_tested_and_removed(sink: MailSink, page: Open, db: Database) -> None:
    app = page("pages/notices.py")
    app.text_input(key="channel-target-email-0").set_value("anna@example.com")
    button(app, "Add").click().run()
    [channel] = notice_channels.listing(db)
    assert (channel.target, channel.kinds) == ("anna@example.com", frozenset(NoticeKind))
    keyed(app, f"send-a-test-{channel.id}").click().run()
    assert "The mail server has taken the test" in texts(app)
    [mail] = sink.mails
    assert mail["Subject"] == "This is a test of Shopkeeper's notices"
    keyed(app, f"pause-{channel.id}").click().run()
    assert not notice_channels.get(db, channel.id).enabled
    keyed(app, f"go-on-{channel.id}").click().run()
    assert notice_channels.get(db, channel.id).enabled
    keyed(app, f"remove-{channel.id}").click().run()
    assert notice_channels.listing(db)
    keyed(app, "confirm-channel").click().run()
    assert not notice_channels.listing(db)


def test_a_test_that_fails_says_what_to_do(sink: MailSink, page: Open, db: Database) -> None:
    sink.refusal = "550 <b>No</b> [such](http://evil.example) mailbox"
    app = page("pages/notices.py")
    app.text_input(key="channel-target-email-0").set_value("anna@example.com")
    button(app, "Add").click().run()
    [channel] = notice_channels.listing(db)
    keyed(app, f"send-a-test-{channel.id}").click().run()
    [error] = app.error
    assert "did not take the mail" in error.value
    assert r"\[such\]" in error.value and r"\<b\>" in error.value


def test_a_wrong_address_is_refused(sink: MailSink, page: Open, db: Database) -> None:
    app = page("pages/notices.py")
    app.text_input(key="channel-target-email-0").set_value("anna")
    button(app, "Add").click().run()
    assert "must look like" in app.error[0].value
    assert not notice_channels.listing(db)


def test_without_a_mail_server_no_address_is_asked_for(page: Open) -> None:
    app = page("pages/notices.py")
    assert "No mail server is set up yet" in texts(app)
    assert not [one for one in app.text_input if one.key == "channel-target-email-0"]


def test_a_webhook_gets_a_test_and_shows_its_secret_once(
    receiver: Receiver, page: Open, settings: Settings, db: Database
) -> None:
    app = page("pages/notices.py")
    app.segmented_control(key="channel-kind").set_value(ChannelKind.WEBHOOK).run()
    app.text_input(key="channel-target-webhook-0").set_value(receiver.url)
    button(app, "Add").click().run()
    [channel] = notice_channels.listing(db)
    receiver.secret = notice_channels.hook(settings, channel).secret
    assert receiver.secret in [one.value for one in app.code]
    keyed(app, f"send-a-test-{channel.id}").click().run()
    assert receiver.secret not in [one.value for one in app.code]
    assert "The webhook has taken the test" in texts(app)
    [said] = receiver.taken.values()
    assert said["data"]["title"] == "This is a test of Shopkeeper's notices"


def test_what_does_not_arrive_is_told_on_the_first_page_with_the_reason(
    page: Open, settings: Settings, db: Database
) -> None:
    email = ChannelKind.EMAIL
    channel = notice_channels.add(settings, db, email, "anna@example.com", [NoticeKind.ENDED])
    tell(db, ENDED)
    [sending] = notice_sendings.due(db)
    notice_sendings.take(db, sending)
    notice_sendings.failed(db, sending, "The mail server is away.")
    app = page("pages/notices.py")
    assert "Notices to 1 address do not arrive" in texts(app)
    assert "The mail server is away." in [one.value.replace("\\", "") for one in app.error]
    assert "1 notice on the way" in texts(app)
    keyed(app, f"try-again-now-{channel.id}").click().run()
    assert len(notice_sendings.due(db)) == 1
