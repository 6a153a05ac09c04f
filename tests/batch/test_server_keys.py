"""The key of a destination's SFTP server: confirmed once by a person, and the only one then."""

from __future__ import annotations

from typing import Any

import pytest

from batch import destinations, targets
from batch.choice import Choice
from batch.destination_options import DestinationKind, FileOptions
from batch.destinations import Destination
from batch.server_keys import known_key, ssh_server
from batch.targets import Trial
from core.db import Database
from core.errors import DestinationRefused, HostKeyRefused
from core.host_keys import ShownKey, fingerprint
from core.settings import Settings, load_settings
from core.statuses import DeliveryStatus
from tests.batch.delivering import asked, brought, delivered, finished
from tests.conftest import on_both
from tests.sftp_server import PASSWORD, USER, SftpServer, new_key, public


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(home=settings.home, private_targets="127.0.0.1")


def options(sftp: SftpServer, **more: Any) -> dict[str, Any]:
    folder = f"{sftp.address}/feeds"
    return {"folder": folder, "form": "csv", "user": USER, "password": PASSWORD, **more}


@pytest.fixture
def place(settings: Settings, db: Database, sftp: SftpServer) -> Destination:
    """A destination on a server that nobody has confirmed yet."""
    return destinations.add(settings, db, "Nightly", DestinationKind.FILE, options(sftp))


def accept(db: Database, place: Destination, trial: Trial) -> None:
    assert trial.shown
    destinations.keep_key(db, place.id, trial.shown.server, trial.shown.key)


def confirmed(settings: Settings, db: Database, place: Destination) -> Destination:
    accept(db, place, targets.attempt(settings, db, place.id))
    assert targets.attempt(settings, db, place.id).works
    return destinations.get(db, place.id)


@on_both
def test_a_new_server_gets_the_password_when_a_person_has_confirmed_its_key(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    trial = targets.attempt(settings, db, place.id)
    assert not trial.works
    assert fingerprint(sftp.key) in trial.said
    assert "compare this key with whoever runs the server" in trial.said
    assert destinations.get(db, place.id).problem == trial.said
    assert (sftp.users, sftp.passwords) == ([], [])
    accept(db, place, trial)
    assert targets.attempt(settings, db, place.id).works
    assert sftp.files() == []
    assert brought(settings, db, place, finished(settings, db, 3)).status is DeliveryStatus.DONE
    assert sftp.files() == ["feeds/Bottles.csv"]
    assert set(sftp.passwords) == {PASSWORD}


def test_a_delivery_to_a_server_that_nobody_has_confirmed_ends_at_once(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    delivery = asked(db, place, finished(settings, db, 3))
    with pytest.raises(HostKeyRefused, match="Test the destination"):
        delivered(settings, db, delivery)
    assert (sftp.users, sftp.passwords, sftp.files()) == ([], [], [])


def test_another_machine_in_its_place_gets_nothing_until_the_new_key_is_accepted(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    known = known_key(confirmed(settings, db, place).options)
    told = list(sftp.passwords)
    sftp.keys = [new_key()]
    delivery = asked(db, place, finished(settings, db, 3))
    with pytest.raises(HostKeyRefused, match="accept the new one there") as refused:
        delivered(settings, db, delivery)
    for key in (known, sftp.key):
        assert fingerprint(key) in refused.value.message
    trial = targets.attempt(settings, db, place.id)
    assert trial.said == refused.value.message
    assert (sftp.passwords, sftp.files()) == (told, [])
    assert known_key(destinations.get(db, place.id).options) == known
    accept(db, place, trial)
    assert targets.attempt(settings, db, place.id).works
    assert delivered(settings, db, delivery).status is DeliveryStatus.DONE


def test_the_key_stays_with_the_server_and_with_no_other(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    confirmed(settings, db, place)
    changed = options(sftp, folder=f"{sftp.address}/other", name="{job} {date}")
    again = destinations.change(settings, db, place.id, "Nightly", changed)
    assert known_key(again.options) == sftp.key
    assert targets.attempt(settings, db, place.id).works
    for folder in ("sftp://files.example.com/feeds", "s3://shop/feeds", "feeds"):
        given = changed | {"folder": folder}
        moved = destinations.change(settings, db, place.id, "Nightly", given)
        assert known_key(moved.options) == ""


def test_a_key_is_kept_for_no_server_but_the_one_that_has_shown_it(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    trial = targets.attempt(settings, db, place.id)
    elsewhere = options(sftp, folder="sftp://files.example.com/feeds")
    destinations.change(settings, db, place.id, "Nightly", elsewhere)
    with pytest.raises(DestinationRefused, match="changed meanwhile"):
        accept(db, place, trial)
    assert known_key(destinations.get(db, place.id).options) == ""


def test_a_key_that_the_machine_knows_needs_no_person_and_is_kept_by_a_test(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    listed = sftp.make_known()
    assert brought(settings, db, place, finished(settings, db, 1)).status is DeliveryStatus.DONE
    assert targets.attempt(settings, db, place.id).works
    listed.unlink()
    # As on another machine, which has no such list.
    assert known_key(destinations.get(db, place.id).options) == sftp.key
    assert targets.attempt(settings, db, place.id).works


def test_a_key_that_the_machine_knows_is_changed_by_an_administrator_only(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    sftp.make_known(public(new_key()))
    trial = targets.attempt(settings, db, place.id)
    assert "an administrator has to put the new one into the file known_hosts" in trial.said
    accept(db, place, trial)
    assert not targets.attempt(settings, db, place.id).works
    assert sftp.passwords == []


def test_a_wrong_password_is_told_and_not_tried_for_a_quarter_of_an_hour(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    accept(db, place, targets.attempt(settings, db, place.id))
    destinations.change(settings, db, place.id, "Nightly", options(sftp, password="wrong-one"))
    with pytest.raises(DestinationRefused, match="Check the name and the password"):
        delivered(settings, db, asked(db, place, finished(settings, db, 1)))
    assert sftp.passwords == ["wrong-one"]


def test_no_connection_is_left_open(
    settings: Settings, db: Database, sftp: SftpServer, place: Destination
) -> None:
    confirmed(settings, db, place)
    job = finished(settings, db, 3)
    brought(settings, db, place, job)
    sftp.keys = [new_key()]
    with pytest.raises(HostKeyRefused):
        brought(settings, db, place, job, Choice.ALL)
    assert len(sftp.connections) == 4
    for one in sftp.connections:
        one.join(60)
        assert not one.is_alive()


def test_the_server_is_the_same_however_its_address_is_written() -> None:
    def server(folder: str) -> str:
        return ssh_server(FileOptions(folder=folder))

    assert server("sftp://Files.example.com/a") == server("ssh://me@files.example.com:22/b")
    assert server("sftp://files.example.com:2222/a") == "files.example.com:2222"
    assert server("ftp://files.example.com/a") == server("feeds") == ""


def test_a_key_that_is_none_is_never_kept(
    db: Database, sftp: SftpServer, place: Destination
) -> None:
    shown = ShownKey(ssh_server(place.options), "nonsense")
    with pytest.raises(DestinationRefused):
        destinations.keep_key(db, place.id, shown.server, shown.key)
