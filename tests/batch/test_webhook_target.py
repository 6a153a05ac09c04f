from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batch import deliveries, delivery_control, destinations, targets
from batch.delivering import Delivering
from batch.destination_options import DestinationKind, WebhookOptions
from batch.destinations import Destination
from core import webhook
from core.db import Database
from core.errors import DestinationRefused
from core.settings import Settings, load_settings
from core.statuses import DeliveryStatus
from core.values import Value
from tests.batch.delivering import asked, brought, counts, delivered, finished
from tests.receiver import Answer, Receiver


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(home=settings.home, private_targets="127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(webhook, "_GROWING", lambda _: 0.01)


def to(settings: Settings, db: Database, receiver: Receiver, **more: Any) -> Destination:
    given = {"address": receiver.url, "rows_at_once": 10, "signing": receiver.secret, **more}
    return destinations.add(settings, db, "The web shop", DestinationKind.WEBHOOK, given)


def products(receiver: Receiver) -> list[dict[str, Any]]:
    """What the receiver has acted on."""
    return [one for said in receiver.taken.values() for one in said.get("products", ())]


def ids(receiver: Receiver) -> list[str]:
    return [one["product_id"] for one in products(receiver)]


def test_products_are_told_in_signed_posts(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    job = finished(settings, db, 25, failed=[7])
    delivery = brought(settings, db, to(settings, db, receiver), job)
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (24, 24, 24, 0)
    assert [len(said["products"]) for said in receiver.taken.values()] == [10, 10, 4]
    assert ids(receiver) == [f"P{number}" for number in range(1, 26) if number != 7]
    assert products(receiver)[1] == {
        "product_id": "P2",
        "title": "Acme bottle 2",
        "price": 2.5,
        "currency": None,
        "values": {
            "brand": "Acme",
            "Capacity (l)": 1.0,
            "waterproof": True,
            "tags": ["bottle", "no 2"],
        },
    }
    assert receiver.forged == 0


def test_only_what_has_changed_is_told_again(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    shop = to(settings, db, receiver)
    brought(settings, db, shop, finished(settings, db, 30))
    receiver.taken.clear()
    same = brought(settings, db, shop, finished(settings, db, 30))
    assert (same.sent, same.unchanged) == (0, 30)
    assert receiver.taken == {}
    changed = {4: {"brand": Value("Zenit")}}
    third = brought(settings, db, shop, finished(settings, db, 31, changed=changed))
    assert counts(third) == (31, 2, 2, 0)
    assert ids(receiver) == ["P4", "P31"]


def test_another_receiver_is_told_everything(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    place, job = to(settings, db, receiver), finished(settings, db, 3)
    brought(settings, db, place, job)
    with Receiver().running() as other:
        given = {"address": other.url, "signing": other.secret}
        destinations.change(settings, db, place.id, "Renamed", given)
        assert brought(settings, db, place, job).changed == 3
        assert len(ids(other)) == 3
        destinations.change(settings, db, place.id, "Renamed again", given)
        assert brought(settings, db, place, job).changed == 0


def test_a_product_that_is_refused_is_found_and_named(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    receiver.script = lambda said, _: (
        Answer(422, body=b"P13 has no tax class")
        if any(one["product_id"] == "P13" for one in said["products"])
        else Answer(200)
    )
    shop = to(settings, db, receiver)
    delivery = brought(settings, db, shop, finished(settings, db, 20))
    assert counts(delivery) == (20, 19, 19, 1)
    (failure,) = deliveries.failures(db, delivery.id)
    assert failure.product_id == "P13"
    assert "422: P13 has no tax class" in failure.reason
    assert sorted(ids(receiver)) == sorted(f"P{n}" for n in range(1, 21) if n != 13)
    receiver.script = lambda _said, _before: Answer(200)
    delivery_control.retry_failed(db, delivery.id)
    assert counts(delivered(settings, db, delivery)) == (20, 20, 20, 0)
    assert "P13" in ids(receiver)


def test_what_may_have_arrived_is_sent_again_under_the_same_key(
    settings: Settings, db: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies when a post was taken and before that was noted."""
    job = finished(settings, db, 30)
    delivery = asked(db, to(settings, db, receiver), job)

    class Killed(BaseException):
        pass

    def die(self: Delivering, *rest: Any) -> int:
        if len(receiver.heard) == 2:
            raise Killed
        return noted(self, *rest)

    noted = Delivering._note
    monkeypatch.setattr(Delivering, "_note", die)
    with pytest.raises(Killed):
        delivered(settings, db, delivery)
    monkeypatch.undo()
    assert deliveries.get(db, delivery.id).position == 10
    ended = delivered(settings, db, delivery)
    assert counts(ended) == (30, 30, 30, 0)
    keys = [key for key, _ in receiver.heard]
    assert len(keys) == 4
    assert keys[1] == keys[2]
    assert ids(receiver) == [f"P{number}" for number in range(1, 31)]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_receiver_that_takes_nothing_from_us_stops_the_delivery_at_once(
    settings: Settings, db: Database, receiver: Receiver, status: int
) -> None:
    receiver.script = lambda _said, _before: Answer(status)
    delivery = asked(db, to(settings, db, receiver), finished(settings, db, 30))
    with pytest.raises(DestinationRefused, match=str(status)):
        delivered(settings, db, delivery)
    assert len(receiver.heard) == 1


def test_a_receiver_that_refuses_every_product_is_left_alone_after_some(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    receiver.script = lambda _said, _before: Answer(400, body=b"What is a product?")
    shop = to(settings, db, receiver, rows_at_once=60)
    delivery = asked(db, shop, finished(settings, db, 200))
    with pytest.raises(DestinationRefused, match="What is a product"):
        delivered(settings, db, delivery)
    assert len(receiver.heard) < 130


def test_a_receiver_that_was_away_is_waited_for(
    settings: Settings, db: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.delivering.PAUSES_S", (0.01, 0.01, 0.01))
    receiver.script = lambda _said, before: Answer(503 if before < webhook.TRIES + 1 else 200)
    delivery = brought(settings, db, to(settings, db, receiver), finished(settings, db, 5))
    assert delivery.status is DeliveryStatus.DONE
    assert delivery.reason == ""
    assert ids(receiver) == [f"P{number}" for number in range(1, 6)]


def test_a_delivery_that_waits_goes_on_at_once_to_where_the_destination_is_now(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    place = to(settings, db, receiver)
    with Receiver().running() as other:

        def away(_said: object, before: int) -> Answer:
            if not before:
                given = {"address": other.url, "signing": other.secret}
                destinations.change(settings, db, place.id, place.name, given)
            return Answer(503)

        receiver.script = away
        delivery = brought(settings, db, place, finished(settings, db, 5))
        assert (delivery.status, delivery.run, delivery.reason) == (DeliveryStatus.WAITING, 2, "")
        delivery = delivered(settings, db, delivery)
        assert (delivery.status, delivery.sent) == (DeliveryStatus.DONE, 5)
        assert len(ids(other)) == 5


def test_trying_sends_a_signed_test_message(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    shop = to(settings, db, receiver)
    assert targets.attempt(settings, db, shop.id).works
    ((_, said),) = receiver.heard
    assert said["type"] == "ping"
    secret = destinations.renew_signing(settings, db, shop.id)
    assert secret != receiver.secret
    trial = targets.attempt(settings, db, shop.id)
    assert not trial.works
    assert "401" in trial.said
    receiver.secret = secret
    assert targets.attempt(settings, db, shop.id).works


def test_an_address_with_a_token_is_used_and_never_shown(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    address = f"http://me:hush@127.0.0.1:{receiver.port}/hook?token=hush"
    shop = to(settings, db, receiver, address=address)
    assert isinstance(shop.options, WebhookOptions)
    assert shop.options.address == f"http://127.0.0.1:{receiver.port}/hook"
    assert shop.has_secret
    assert "hush" not in repr(shop)
    assert targets.attempt(settings, db, shop.id).works
    assert receiver.paths == ["/hook?token=hush"]


@pytest.mark.parametrize(
    "address", ["ftp://x/", "javascript:alert(1)", "", "http:///x", "//shop.example/x"]
)
def test_an_address_that_is_none_is_refused(
    settings: Settings, db: Database, receiver: Receiver, address: str
) -> None:
    with pytest.raises(DestinationRefused, match="The address"):
        to(settings, db, receiver, address=address)


def test_the_shops_own_network_is_closed_unless_it_is_named(
    settings: Settings, db: Database, receiver: Receiver
) -> None:
    shop = to(settings, db, receiver)
    strict = load_settings(home=settings.home)
    trial = targets.attempt(strict, db, shop.id)
    assert "SHOPKEEPER_PRIVATE_TARGETS" in trial.said
    assert receiver.heard == []
