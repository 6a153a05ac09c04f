"""What people are told, who has seen it, and what is on its way."""

from __future__ import annotations

import json
import re
import time
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa

from core import notice_channels, notice_post, notice_sendings, notices
from core.db import Database
from core.errors import NotFoundError, ValueRefused
from core.mail import compose
from core.notice_channels import ChannelKind
from core.notice_sendings import GIVEN_UP_S, RESTS_S, TAKEN_S, Sending, Standing
from core.notice_tables import notice_sendings as table
from core.notices import Notice, NoticeKind, Told
from core.settings import Settings
from tests.conftest import on_both
from tests.payloads import ALL, BRIEF

ENDED = Told(NoticeKind.ENDED, "“Bottles” is finished", "3 of 3 rows done.", "jobs?job=a")
FAILED = Told(NoticeKind.FAILED, "“Bottles” was stopped by a problem", "No model.", "jobs?job=a")
REVIEW = Told(NoticeKind.REVIEW, "“Bottles” is finished: 1 row waits", "", "review?job=a")
ANNA, BEN = "a" * 32, "b" * 32


def tell(db: Database, *told: Told, first: int = 1, at: float | None = None) -> None:
    for event_id, one in enumerate(told, first):
        assert notices.add(db, event_id, one, time.time() if at is None else at)


def email(settings: Settings, db: Database, target: str, *kinds: NoticeKind) -> str:
    return notice_channels.add(settings, db, ChannelKind.EMAIL, target, kinds).id


def later(db: Database, seconds: float) -> None:
    """Have so much time pass for everything that is on its way."""
    with db.write() as connection:
        passed = {"next_at": table.c.next_at - seconds, "queued_at": table.c.queued_at - seconds}
        connection.execute(table.update().values(passed))


def taken(db: Database) -> Sending:
    [sending] = notice_sendings.due(db)
    assert notice_sendings.take(db, sending)
    return sending


@on_both
def test_an_event_is_told_once(settings: Settings, db: Database) -> None:
    email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED)
    assert not notices.add(db, 1, FAILED, 0.0)
    assert [one.told for one in notices.listing(db, 10)] == [ENDED]
    assert len(notice_sendings.due(db)) == 1


@on_both
def test_everybody_sees_notices_for_themselves(db: Database) -> None:
    tell(db, ENDED, FAILED)
    assert notices.count_unseen(db, ANNA) == 2
    notices.mark_seen(db, ANNA, notices.newest(db))
    assert (notices.count_unseen(db, ANNA), notices.count_unseen(db, BEN)) == (0, 2)
    tell(db, REVIEW, first=3)
    assert notices.count_unseen(db, ANNA) == 1
    # A page that was drawn before must not take back what was seen since.
    notices.mark_seen(db, ANNA, notices.newest(db))
    notices.mark_seen(db, ANNA, 1)
    assert notices.count_unseen(db, ANNA) == 0


def test_who_comes_for_the_first_time_has_not_missed_the_whole_past(db: Database) -> None:
    tell(db, ENDED, FAILED, at=time.time() - 3 * 86_400)
    tell(db, REVIEW, first=3)
    assert notices.count_unseen(db, ANNA) == 1


def test_old_notices_go(db: Database) -> None:
    tell(db, ENDED, at=time.time() - notices.KEPT_S - 60)
    tell(db, FAILED, first=2)
    notices.forget(db, time.time())
    assert [one.told for one in notices.listing(db, 10)] == [FAILED]


@on_both
def test_a_channel_gets_what_it_wants_and_only_from_then_on(
    settings: Settings, db: Database
) -> None:
    tell(db, FAILED)
    of_failures = email(settings, db, "ops@example.com", NoticeKind.FAILED)
    of_ends = email(settings, db, "anna@example.com", NoticeKind.ENDED)
    of_reviews = email(settings, db, "ben@example.com", NoticeKind.REVIEW)
    assert not notice_sendings.due(db)
    tell(db, ENDED, first=2)
    assert [one.channel_id for one in notice_sendings.due(db)] == [of_ends]
    tell(db, REVIEW, FAILED, first=3)
    due = {one.channel_id: one.notice_id for one in notice_sendings.due(db)}
    # A job that waits for review has ended, too; the oldest of each channel comes first.
    assert due == {of_ends: 2, of_reviews: 3, of_failures: 4}


@on_both
def test_what_one_has_taken_no_other_sends_unless_it_dies(settings: Settings, db: Database) -> None:
    email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED)
    [seen] = notice_sendings.due(db)
    assert notice_sendings.take(db, seen)
    assert not notice_sendings.take(db, seen)
    assert not notice_sendings.due(db)
    later(db, TAKEN_S + 1)
    [again] = notice_sendings.due(db)
    assert again.key == seen.key
    assert notice_sendings.take(db, again)
    notice_sendings.arrived(db, again)
    later(db, 10 * TAKEN_S)
    assert not notice_sendings.due(db)


@on_both
def test_a_channel_that_fails_rests_longer_each_time_and_then_all_arrives(
    settings: Settings, db: Database
) -> None:
    channel = email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED, ENDED)
    for rest in (*RESTS_S, RESTS_S[-1]):
        notice_sendings.failed(db, taken(db), "The mail server is away.")
        standing = notice_sendings.standings(db)[channel]
        assert (standing.waiting, standing.problem) == (2, "The mail server is away.")
        later(db, rest - 2)
        assert not notice_sendings.due(db)
        later(db, 3)
    for _ in range(2):
        notice_sendings.arrived(db, taken(db))
    standing = notice_sendings.standings(db)[channel]
    assert (standing.waiting, standing.given_up, standing.problem) == (0, 0, "")
    assert standing.sent_at is not None


@on_both
def test_what_could_not_be_sent_for_a_day_is_given_up_and_can_be_sent_again(
    settings: Settings, db: Database
) -> None:
    channel = email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED, ENDED)
    later(db, GIVEN_UP_S + 1)
    tell(db, ENDED, first=3)
    notice_sendings.failed(db, taken(db), "The mail server is away.")
    standing = notice_sendings.standings(db)[channel]
    assert (standing.waiting, standing.given_up) == (1, 2)
    assert standing.problem == "The mail server is away."
    notice_sendings.try_again(db, channel)
    for _ in range(3):
        notice_sendings.arrived(db, taken(db))
    assert notice_sendings.standings(db)[channel].given_up == 0


def test_what_was_given_up_can_be_left_at_that(settings: Settings, db: Database) -> None:
    channel = email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED)
    later(db, GIVEN_UP_S + 1)
    notice_sendings.failed(db, taken(db), "Away.")
    notice_sendings.drop(db, channel)
    assert notice_sendings.standings(db)[channel] == Standing()


@on_both
def test_a_channel_that_rests_or_was_removed_gets_nothing(settings: Settings, db: Database) -> None:
    channel = email(settings, db, "anna@example.com", NoticeKind.ENDED)
    tell(db, ENDED)
    notice_channels.enable(db, channel, False)
    assert not notice_sendings.due(db)
    tell(db, ENDED, first=2)
    notice_channels.enable(db, channel, True)
    [sending] = notice_sendings.due(db)
    assert (sending.notice_id, notice_sendings.standings(db)[channel].waiting) == (1, 1)
    notice_channels.remove(db, channel)
    assert not notice_sendings.due(db)
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
    with pytest.raises(NotFoundError, match="removed"):
        notice_channels.get(db, channel)


def test_a_channel_is_checked_before_it_is_kept(settings: Settings, db: Database) -> None:
    some = [NoticeKind.FAILED]
    email(settings, db, "anna@example.com", *some)
    with pytest.raises(ValueRefused, match="already"):
        email(settings, db, "Anna@example.com ", *some)
    with pytest.raises(ValueRefused, match="name@example"):
        email(settings, db, "anna", *some)
    with pytest.raises(ValueRefused, match="at least one kind"):
        email(settings, db, "ben@example.com")
    for address in ("example.com", "ftp://example.com/x", "https:///x", "https://a b.example/"):
        with pytest.raises(ValueRefused, match="https://example"):
            notice_channels.add(settings, db, ChannelKind.WEBHOOK, address, some)


def test_a_webhook_is_stored_sealed_and_shown_in_part(settings: Settings, db: Database) -> None:
    target, some = "https://example.com/services/T024/B7cX9", [NoticeKind.FAILED]
    channel = notice_channels.add(settings, db, ChannelKind.WEBHOOK, target, some)
    hook = notice_channels.hook(settings, channel)
    assert hook.url == target and hook.secret.startswith("whsec_")
    assert channel.target == "https://example.com/…7cX9"
    assert channel.sealed and hook.secret not in channel.sealed and "T024" not in channel.sealed
    with pytest.raises(ValueRefused, match="already"):
        notice_channels.add(settings, db, ChannelKind.WEBHOOK, target, some)
    renewed = notice_channels.renew(settings, db, channel)
    again = notice_channels.hook(settings, notice_channels.get(db, channel.id))
    assert (again.url, again.secret) == (target, renewed) and renewed != hook.secret


@pytest.mark.parametrize("text", [BRIEF, *ALL])
def test_whatever_is_told_is_a_text_in_the_mail_and_in_the_post(
    settings: Settings, text: str
) -> None:
    told = Told(NoticeKind.FAILED, f"“{text}” was stopped", text, "jobs?job=a")
    notice = Notice(7, told, 1_790_000_000.0)
    mail = notice_post.as_mail(settings, "anna@example.com", notice, "notice-7-a")
    sent = compose(settings.model_copy(update={"smtp_from": "shop@example.com"}), mail).as_bytes()
    read = message_from_bytes(sent, policy=policy.default)
    assert set(read.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    page = read.get_body(("html",))
    assert page is not None
    made = re.findall(r"<(/?\w+)", page.get_content())
    assert set(made) <= {
        "html",
        "body",
        "p",
        "strong",
        "a",
        "/html",
        "/body",
        "/p",
        "/strong",
        "/a",
    }
    assert re.findall(r'href="([^"]*)"', page.get_content()) == ["http://localhost:8501/jobs?job=a"]
    assert json.loads(notice_post.as_payload(settings, notice))["data"]["text"] == text
