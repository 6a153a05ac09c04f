"""Mails, handed to a real mail server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core import mail, ports
from core.errors import MailError, ValueRefused
from core.mail import Mail
from core.settings import Settings, load_settings
from tests.mail_sink import PASSWORD, MailSink

MAIL = Mail(
    to="anna@example.com",
    subject="“Bottles” is finished: 12 rows wait for review",
    text="All 1,200 rows are done.\nÄpfel & Birnen",
    html="<p>All 1,200 rows are done.</p>",
    key="notice-7-abc",
    at=1_790_000_000.0,
)


@contextmanager
def sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, security: str = "none", auth: bool = False
) -> Iterator[tuple[MailSink, Settings]]:
    with MailSink(tmp_path, security=security, auth=auth).running() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server, load_settings(home=tmp_path)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_is_handed_over_encrypted_with_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    # The server's own library lets nobody sign in on a connection that is TLS from the start.
    auth = security == "starttls"
    with sink(tmp_path, monkeypatch, security=security, auth=auth) as (server, settings):
        mail.send(settings, MAIL)
        assert server.users == (["shop"] if auth else [])
    [got] = server.mails
    assert server.recipients == ["anna@example.com"]
    assert got["Subject"] == MAIL.subject
    assert got["From"] == "Shopkeeper <shop@example.com>"
    assert got["Message-ID"] == "<notice-7-abc@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None and html is not None
    assert text.get_content().splitlines() == ["All 1,200 rows are done.", "Äpfel & Birnen"]
    assert html.get_content().strip() == MAIL.html


def test_a_server_with_a_certificate_that_nobody_vouches_for_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(tmp_path, monkeypatch, security="starttls", auth=True) as (server, settings):
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(MailError, match=r"certificate .* not to be trusted.*SSL_CERT_FILE"):
            mail.send(settings, MAIL)
    assert not server.mails and not server.users


def test_a_server_that_cannot_encrypt_is_told_neither_password_nor_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(tmp_path, monkeypatch) as (server, _):
        for security in ("starttls", "tls"):
            monkeypatch.setenv("SHOPKEEPER_SMTP_SECURITY", security)
            with pytest.raises(MailError, match="SHOPKEEPER_SMTP_SECURITY"):
                mail.send(load_settings(home=tmp_path), MAIL)
    assert not server.mails


def test_a_wrong_password_names_the_settings_and_not_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(tmp_path, monkeypatch, security="starttls", auth=True) as (server, _):
        monkeypatch.setenv("SHOPKEEPER_SMTP_PASSWORD", "tin lantern")
        with pytest.raises(MailError, match="SHOPKEEPER_SMTP_USER") as refused:
            mail.send(load_settings(home=tmp_path), MAIL)
    assert "tin lantern" not in str(refused.value) and PASSWORD not in str(refused.value)
    assert not server.mails


def test_a_password_is_not_sent_over_an_open_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("SHOPKEEPER_SMTP_SECURITY", "none")
    monkeypatch.setenv("SHOPKEEPER_SMTP_USER", "shop@example.com")
    with pytest.raises(MailError, match="unprotected"):
        mail.send(load_settings(home=tmp_path), MAIL)


def test_what_the_server_says_is_repeated_on_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(tmp_path, monkeypatch) as (server, settings):
        server.refusal = "550 The mailbox\tis full"
        with pytest.raises(MailError, match=r"did not take the mail \(550 The mailbox is full\)"):
            mail.send(settings, MAIL)


def test_no_server_and_nobody_there_are_told_apart(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPKEEPER_SMTP_FROM", "shop@example.com")
    with pytest.raises(MailError, match="SHOPKEEPER_SMTP_HOST names it"):
        mail.send(load_settings(home=tmp_path), MAIL)
    monkeypatch.setenv("SHOPKEEPER_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHOPKEEPER_SMTP_PORT", str(ports.unused()))
    with pytest.raises(MailError, match="cannot be reached: Connection refused"):
        mail.send(load_settings(home=tmp_path), MAIL)
    assert not mail.is_set_up(settings)


def test_a_server_that_says_nothing_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.2)
    monkeypatch.setenv("SHOPKEEPER_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("SHOPKEEPER_SMTP_FROM", "shop@example.com")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("SHOPKEEPER_SMTP_PORT", str(silent.getsockname()[1]))
        with pytest.raises(MailError, match="did not answer within"):
            mail.send(load_settings(home=tmp_path), MAIL)


@pytest.mark.parametrize("broken", ["\r\n", "\n", "\r", "\u2028", "\x00\n "])
def test_nothing_that_is_told_becomes_a_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    hostile = replace(MAIL, subject=f"Bottles{broken}Bcc: eve@example.com{broken}{broken}<b>x</b>")
    with sink(tmp_path, monkeypatch) as (server, settings):
        mail.send(settings, hostile)
    [got] = server.mails
    assert got["Bcc"] is None
    assert got["Subject"] == "Bottles Bcc: eve@example.com <b>x</b>"
    assert server.recipients == ["anna@example.com"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@example.com\nBcc: eve@example.com",
        "anna@example.com, eve@example.com",
        "Anna <anna@example.com>",
        "anna@-example.com",
        "anna@exam ple.com",
        "an\r\nna@example.com",
        "a@b@example.com",
        f"{'a' * 65}@example.com",
        f"anna@{'a' * 64}.com",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueRefused, match=r"name@example\.com"):
        mail.checked(address)


def test_an_address_is_taken_as_it_is_with_its_domain_in_ascii() -> None:
    assert mail.checked(" anna.b+shop@mail.example.co.uk ") == "anna.b+shop@mail.example.co.uk"
    assert mail.checked("anna@bücher.example") == "anna@xn--bcher-kva.example"
