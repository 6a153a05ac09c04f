from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any

import pytest

from core import outbound, ports, webhook
from core.errors import DestinationError, DestinationRefused, SettingError
from core.settings import Settings, load_settings
from tests.receiver import Answer, Receiver

PAYLOAD = '{"product": "Zelt für zwei", "price": 12.5}'.encode()
SAID = {"product": "Zelt für zwei", "price": 12.5}


@pytest.fixture
def settings() -> Settings:
    return load_settings(private_targets="127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as server:
        yield server


def send(settings: Settings, receiver: Receiver, key: str = "k1") -> list[float]:
    """Sends once; returns the pauses between tries."""
    pauses: list[float] = []
    webhook.send(
        settings, receiver.url, PAYLOAD, secret=receiver.secret, key=key, pause=pauses.append
    )
    return pauses


def test_what_is_sent_arrives_with_a_signature_that_others_code_verifies(
    settings: Settings, receiver: Receiver
) -> None:
    assert send(settings, receiver) == []
    assert receiver.taken == {"k1": SAID}
    assert receiver.forged == 0


def test_it_is_tried_again_with_the_same_key_until_it_is_taken(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.script = lambda _said, before: Answer(503 if before < 2 else 200)
    assert len(send(settings, receiver)) == 2
    assert receiver.heard == [("k1", SAID)] * 3


def test_a_receiver_that_never_takes_it_is_left_after_some_tries(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.script = lambda _said, _before: Answer(500, body=b"out of\norder\x1b[31m")
    with pytest.raises(DestinationError, match=r"127\.0\.0\.1:\d+ answered 500: out of order"):
        send(settings, receiver)
    assert len(receiver.heard) == webhook.TRIES


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "check the signing secret"), (410, "nothing at this address"), (422, "")],
)
def test_a_refusal_says_what_can_be_done(
    settings: Settings, receiver: Receiver, status: int, advice: str
) -> None:
    receiver.script = lambda _said, _before: Answer(status)
    with pytest.raises(DestinationRefused, match=rf"answered {status}\..*{advice}"):
        send(settings, receiver)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_what_is_refused_is_not_said_again(
    settings: Settings, receiver: Receiver, status: int
) -> None:
    receiver.script = lambda _said, _before: Answer(status)
    with pytest.raises(DestinationRefused, match=f"answered {status}"):
        send(settings, receiver)
    assert len(receiver.heard) == 1


def test_it_waits_as_long_as_it_is_asked_to(settings: Settings, receiver: Receiver) -> None:
    receiver.script = lambda _said, before: (
        Answer(204) if before else Answer(429, {"Retry-After": "7"})
    )
    assert send(settings, receiver) == [7.0]
    moment = formatdate(time.time() + 20, usegmt=True)
    receiver.script = lambda _said, before: (
        Answer(204) if before else Answer(503, {"Retry-After": moment})
    )
    (pause,) = send(settings, receiver, "k2")
    assert 5 < pause <= 20


def test_a_receiver_that_wants_an_hour_is_not_waited_for(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.script = lambda _said, _before: Answer(429, {"Retry-After": "3600"})
    with pytest.raises(DestinationError) as raised:
        send(settings, receiver)
    assert raised.value.retry_after_s == 3600
    assert len(receiver.heard) == 1


def test_nothing_follows_to_where_a_server_sends_it(settings: Settings, receiver: Receiver) -> None:
    with Receiver().running() as elsewhere:
        receiver.script = lambda _said, _before: Answer(307, {"Location": elsewhere.url})
        with pytest.raises(DestinationRefused, match="has moved"):
            send(settings, receiver)
        assert not elsewhere.heard and not elsewhere.forged


def test_of_a_long_answer_only_the_beginning_is_read(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.script = lambda _said, _before: Answer(400, body=b"No. " * 500_000)
    with pytest.raises(DestinationRefused) as raised:
        send(settings, receiver)
    assert len(raised.value.message) < 300


def test_a_server_that_is_not_there_is_told_by_its_name_without_the_rest(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"http://127.0.0.1:{ports.unused()}/hook?token=hush"
    with caplog.at_level(logging.DEBUG), pytest.raises(DestinationError) as raised:
        webhook.send(
            settings, url, b"{}", secret=webhook.new_secret(), key="k", pause=lambda _: None
        )
    assert "127.0.0.1 cannot be reached" in raised.value.message
    assert "hush" not in raised.value.message


def test_addresses_with_a_token_are_not_logged(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        webhook.send(settings, f"{receiver.url}?token=hush", b"{}", secret=receiver.secret, key="k")
    assert len(receiver.taken) == 1
    assert "hush" not in caplog.text


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
    ],
)
def test_the_shops_own_network_is_closed_in_every_spelling(host: str) -> None:
    with pytest.raises(DestinationRefused, match="SHOPKEEPER_PRIVATE_TARGETS"):
        webhook.send(
            load_settings(), f"http://{host}:1/", b"{}", secret=webhook.new_secret(), key="k"
        )


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str, *, public: bool) -> None:
    assert outbound.is_public(ip_address(address)) is public


def test_a_name_that_means_something_else_a_moment_later_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was judged; the name is not looked up again."""
    known, asked = socket.getaddrinfo, []

    def look_up(host: Any, *rest: Any, **options: Any) -> Any:
        if host != "shop.example":
            return known(host, *rest, **options)
        asked.append(host)
        return known("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    webhook.send(
        load_settings(private_targets="shop.example"),
        f"http://shop.example:{receiver.port}/",
        b"{}",
        secret=receiver.secret,
        key="k",
    )
    assert asked == ["shop.example"]
    assert receiver.hosts == [f"shop.example:{receiver.port}"]


def test_a_name_with_one_address_inside_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(DestinationRefused, match=r"10\.0\.0\.1"):
        outbound.addresses(load_settings(), "shop.example", 80)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x/", "nonsense", "", "http://"])
def test_only_http_addresses_are_spoken_to(settings: Settings, url: str) -> None:
    with pytest.raises(DestinationRefused):
        webhook.send(settings, url, b"{}", secret=webhook.new_secret(), key="k")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%"])
def test_a_secret_that_is_none_is_refused(settings: Settings, secret: str) -> None:
    with pytest.raises(SettingError, match="whsec_"):
        webhook.send(settings, "http://127.0.0.1:1/", b"{}", secret=secret, key="k")
