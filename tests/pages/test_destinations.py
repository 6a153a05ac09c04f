"""Destinations and deliveries, as a merchandiser sees them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from batch import deliveries, delivery_runs, destinations
from batch.choice import Choice
from batch.destination_options import DestinationKind, FileOptions, SqlSystem
from batch.destinations import Destination
from batch.download_forms import Form
from batch.fields import parse_fields
from batch.server_keys import known_key, ssh_server
from core.db import Database
from core.host_keys import fingerprint
from core.settings import Settings
from core.statuses import DeliveryStatus
from core.values import Value
from pages.parts import job_card
from tests.batch.delivering import approve, asked, delivered, finished
from tests.pages.conftest import Open, button, keyed, texts
from tests.receiver import Answer, Receiver
from tests.sftp_server import PASSWORD, USER, SftpServer, new_key, public

PATH = "pages/destinations.py"


@pytest.fixture(autouse=True)
def _open_to_loopback(monkeypatch: pytest.MonkeyPatch, _page_settings: None) -> None:
    monkeypatch.setenv("SHOPKEEPER_PRIVATE_TARGETS", "127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().running() as server:
        yield server


def shown(app: AppTest) -> str:
    """Everything written on the page, as it is read."""
    return texts(app).replace("\\", "")


def add(app: AppTest, kind: DestinationKind) -> AppTest:
    keyed(app, "add-destination").click().run()
    app.session_state["new-kind"] = kind
    return app.run()


def fill(app: AppTest, **given: str) -> AppTest:
    """Fill in inputs by the beginning of their keys, and save."""
    for key, text in given.items():
        named = key.replace("_", "-")
        next(one for one in app.text_input if (one.key or "").startswith(named)).input(text)
    return keyed(app, "save-").click().run()


def sqlite(settings: Settings, db: Database) -> Destination:
    given = {"system": "sqlite", "database": "shop.db", "table": "products"}
    return destinations.add(settings, db, "Warehouse", DestinationKind.SQL, given)


def test_without_destinations_the_page_says_what_they_are_for(page: Open) -> None:
    said = shown(page(PATH))
    assert "No destinations yet" in said
    assert "a webhook of your web shop" in said


def test_a_table_is_set_up_tested_and_sent_to(page: Open, settings: Settings, db: Database) -> None:
    job = finished(settings, db, 3)
    approve(db, job, [2])
    app = add(page(PATH), DestinationKind.SQL)
    app.session_state["system-new"] = "sqlite"
    app = fill(app.run(), name="Warehouse", file="shop.db", table="goods")
    assert not app.exception
    assert "The table “goods” is there" in app.success[0].value.replace("\\", "")
    assert (settings.exports / "shop.db").exists()
    app.session_state[next(k for k in keys(app) if k.startswith("send-rows"))] = Choice.APPROVED
    button(app.run(), "Send 1 row").click().run()
    (delivery,) = deliveries.listing(db)
    assert (delivery.choice, delivery.rows) == (Choice.APPROVED, 1)
    delivered(settings, db, delivery)
    said = shown(app.run())
    assert "1 row: 1 changed there" in said
    assert "Delivered" in said


def keys(app: AppTest) -> list[str]:
    return [one.key or "" for one in app.get("button_group")]


def test_what_is_wrong_is_said_and_nothing_is_saved(page: Open, db: Database) -> None:
    app = fill(add(page(PATH), DestinationKind.SQL), name="Warehouse", database="shop")
    assert "The server is missing" in app.error[0].value
    assert destinations.listing(db) == []
    app = fill(app, host="db.example.com; rm -rf", database="shop")
    assert "The server must be" in app.error[0].value


def test_a_file_without_a_name_is_asked_for_by_what_the_form_calls_it(page: Open) -> None:
    app = add(page(PATH), DestinationKind.SQL)
    app.session_state[next(key for key in keys(app) if key.startswith("system-"))] = (
        SqlSystem.SQLITE
    )
    app = fill(app.run(), name="Warehouse")
    assert "The file's name is missing" in app.error[0].value


def test_a_signing_secret_is_shown_once(page: Open, db: Database, receiver: Receiver) -> None:
    app = fill(add(page(PATH), DestinationKind.WEBHOOK), name="Shop", address=receiver.url)
    (secret,) = [one.value for one in app.code]
    assert secret.startswith("whsec_")
    receiver.secret = secret
    keyed(app, "secret-copied").click().run()
    assert not app.code
    keyed(app, "test-").click().run()
    assert "signed test message was sent" in app.success[0].value
    again = page(PATH)
    keyed(again, "open-").click().run()
    assert not again.code
    keyed(again, "renew-secret").click().run()
    keyed(again, "confirm-destination").click().run()
    assert again.code[0].value not in ("", secret)


def test_a_password_is_never_shown_again(page: Open, settings: Settings, db: Database) -> None:
    given = {
        "system": "postgresql",
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "me",
        "password": "hush-hush",
        "table": "products",
    }
    one = destinations.add(settings, db, "Warehouse", DestinationKind.SQL, given)
    app = page(PATH)
    keyed(app, "test-").click().run()
    assert "cannot be used" in shown(app)
    keyed(app, "open-").click().run()
    drawn = texts(app) + "".join(str(field.value) for field in app.text_input)
    assert "hush-hush" not in drawn
    fill(app, name="Storehouse")
    assert destinations.get(db, one.id).name == "Storehouse"
    assert destinations.secrets_of(settings, db, one.id) == {"password": "hush-hush"}


def test_a_table_of_a_server_becomes_one_of_a_file_and_its_password_is_forgotten(
    page: Open, settings: Settings, db: Database
) -> None:
    given = {"system": "postgresql", "host": "127.0.0.1", "port": 1, "database": "shop"}
    secret = {"user": "me", "password": "hush-hush", "table": "products"}
    one = destinations.add(settings, db, "Warehouse", DestinationKind.SQL, given | secret)
    destinations.note_try(db, one.id, "It cannot be used.")
    app = page(PATH)
    keyed(app, f"open-{one.id}").click().run()
    (change,) = [box for box in app.expander if box.label == "Change how it is set up"]
    assert change.proto.expanded
    app.session_state[f"system-{one.id}"] = SqlSystem.SQLITE
    app = fill(app.run(), file="shop.db")
    assert "The table “products” is there" in shown(app)
    assert destinations.secrets_of(settings, db, one.id) == {}
    (change,) = [box for box in app.expander if box.label == "Change how it is set up"]
    assert not change.proto.expanded


def test_rows_that_were_not_taken_are_named_and_sent_again(
    page: Open, settings: Settings, db: Database, receiver: Receiver
) -> None:
    receiver.script = lambda said, _: Answer(
        422 if any(one["product_id"] == "P2" for one in said["products"]) else 200,
        body=b"No [tax](http://evil.example) class",
    )
    given = {"address": receiver.url, "signing": receiver.secret}
    to = destinations.add(settings, db, "Shop", DestinationKind.WEBHOOK, given)
    delivery = delivered(settings, db, asked(db, to, finished(settings, db, 3)))
    app = page(PATH)
    assert "Delivered in part" in shown(app)
    keyed(app, "open-").click().run()
    assert "1 row not taken, and why" in [one.label for one in app.expander]
    (table,) = app.dataframe
    assert table.value["Product"].tolist() == ["P2"]
    assert "No [tax]" in table.value["Why"][0]
    button(app, "Send 1 row again").click().run()
    assert deliveries.get(db, delivery.id).status is DeliveryStatus.WAITING


def test_a_delivery_is_paused_and_goes_on(page: Open, settings: Settings, db: Database) -> None:
    to = sqlite(settings, db)
    delivery = asked(db, to, finished(settings, db, 3))
    app = page(PATH)
    keyed(app, f"open-{to.id}").click().run()
    (link,) = [one.proto for one in app.get("page_link") if "Bottles" in one.proto.label]
    assert link.query_string == f"job={delivery.job_id}"
    button(app, "Pause").click().run()
    assert deliveries.get(db, delivery.id).status is DeliveryStatus.PAUSED
    button(app, "Go on").click().run()
    assert deliveries.get(db, delivery.id).status is DeliveryStatus.WAITING
    button(app, "Cancel").click().run()
    assert deliveries.get(db, delivery.id).status is DeliveryStatus.CANCELLED


def test_a_delivery_that_waits_for_its_next_try_is_tried_now(
    page: Open, settings: Settings, db: Database
) -> None:
    to = sqlite(settings, db)
    delivery = asked(db, to, finished(settings, db, 3))
    (one,) = delivery_runs.due(db)
    delivery_runs.tell(db, one, "It does not answer.")
    app = page(PATH)
    keyed(app, f"open-{to.id}").click().run()
    assert "It does not answer." in shown(app)
    button(app, "Try now").click().run()
    assert "It does not answer." not in shown(app)
    assert delivered(settings, db, delivery).status is DeliveryStatus.DONE
    assert not delivery_runs.is_current(db, one)


def test_missing_columns_are_offered_to_be_added(
    page: Open, settings: Settings, db: Database
) -> None:
    to = sqlite(settings, db)
    delivered(settings, db, asked(db, to, finished(settings, db, 1)))
    given = {"system": "sqlite", "database": "shop.db", "table": "products"}
    strict = given | {"adds_columns": False}
    destinations.change(settings, db, to.id, "Strict", strict)
    fields = parse_fields([{"name": "brand"}, {"name": "smell"}])
    finished(settings, db, 1, fields=fields, changed={1: {"smell": Value("roses")}})
    other = destinations.add(settings, db, "Another", DestinationKind.SQL, strict)
    app = page(PATH)
    for one in (to, other):
        keyed(app, f"test-{one.id}").click().run()
    assert not app.exception
    assert ["smell" in one.value for one in app.error] == [True, True]
    keyed(app, f"add-columns-{to.id}").click().run()
    assert "Added: smell" in app.success[0].value.replace("\\", "")


def test_deleting_asks_first(page: Open, settings: Settings, db: Database) -> None:
    to = sqlite(settings, db)
    app = page(PATH)
    keyed(app, f"open-{to.id}").click().run()
    keyed(app, "delete-destination").click().run()
    assert "gone for good" in shown(app)
    assert destinations.listing(db)
    keyed(app, "confirm-destination").click().run()
    assert destinations.listing(db) == []
    assert "No destinations yet" in shown(app.run())


def test_a_finished_job_is_sent_from_its_page(page: Open, settings: Settings, db: Database) -> None:
    job = finished(settings, db, 2)
    app = page("pages/jobs.py")
    app.query_params[job_card.JOB] = job.id
    assert "Set up once where results go" in shown(app.run())
    sqlite(settings, db)
    button(app.run(), "Send 2 rows").click().run()
    (delivery,) = deliveries.listing(db)
    assert (delivery.job_id, delivery.choice) == (job.id, Choice.DONE)
    assert "2 rows sent so far" in shown(app)
    delivered(settings, db, delivery)
    assert "2 rows: 2 changed there" in shown(app.run())


def test_hostile_names_are_shown_as_text(page: Open, settings: Settings, db: Database) -> None:
    name = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $a$"
    given = {"system": "sqlite", "database": "shop.db", "table": "products"}
    to = destinations.add(settings, db, name, DestinationKind.SQL, given)
    app = page(PATH)
    for drawn in (texts(app), texts(keyed(app, f"open-{to.id}").click().run())):
        assert not re.search(r"(?<!\\)(<img|\]\(|\$a)", drawn)


def test_a_link_to_a_destination_that_is_gone_says_so(page: Open) -> None:
    app = page(PATH)
    app.query_params["destination"] = "nothing"
    assert "no longer there" in shown(app.run())


def test_a_file_is_set_up_with_what_a_download_can_be_told(page: Open, db: Database) -> None:
    app = add(page(PATH), DestinationKind.FILE)
    app.session_state["form-new"] = "google"
    app.session_state["guard-new"] = True
    app.session_state["provenance-new"] = True
    app = fill(app.run(), name="Feed", folder="feeds")
    assert not app.exception
    (there,) = destinations.listing(db)
    options = there.options
    assert isinstance(options, FileOptions)
    assert (options.form, options.guard, options.provenance) == (Form.GOOGLE, True, True)


def on_server(sftp: SftpServer, settings: Settings, db: Database) -> Destination:
    """A destination on an SFTP server whose key was confirmed."""
    given = {"folder": f"{sftp.address}/feeds", "user": USER, "password": PASSWORD}
    to = destinations.add(settings, db, "Nightly", DestinationKind.FILE, given)
    destinations.keep_key(db, to.id, ssh_server(to.options), sftp.key)
    return to


def codes(app: AppTest) -> list[str]:
    return [one.value for one in app.code]


def test_a_server_is_sent_the_password_when_its_key_was_confirmed(
    page: Open, db: Database, sftp: SftpServer
) -> None:
    app = add(page(PATH), DestinationKind.FILE)
    given = {"folder": f"{sftp.address}/feeds", "key": USER, "secret": PASSWORD}
    assert "By ftp:// the password and the file go in the clear" in shown(app.run())
    app = fill(app, name="Nightly", **given)
    assert not app.exception
    assert "Is this the key of 127.0.0.1" in shown(app)
    assert codes(app) == [fingerprint(sftp.key)]
    assert (sftp.users, sftp.passwords) == ([], [])
    keyed(app, "right-key-").click().run()
    assert "A file was written there, and removed" in app.success[0].value
    assert set(sftp.passwords) == {PASSWORD}
    said = shown(app)
    assert "Is this the key" not in said
    assert f"is known by its key {fingerprint(sftp.key)}" in said
    assert known_key(destinations.listing(db)[0].options) == sftp.key


def test_another_key_is_refused_until_both_were_compared(
    page: Open, settings: Settings, db: Database, sftp: SftpServer
) -> None:
    to, before = on_server(sftp, settings, db), sftp.key
    sftp.keys = [new_key()]
    app = page(PATH)
    keyed(app, f"test-{to.id}").click().run()
    assert "Another machine may be posing as it" in app.error[0].value
    keyed(app, f"accept-key-{to.id}").click().run()
    assert codes(app) == [fingerprint(before), fingerprint(sftp.key)]
    keyed(app, "keep-key").click().run()
    assert known_key(destinations.get(db, to.id).options) == before
    assert sftp.passwords == []
    keyed(app, f"accept-key-{to.id}").click().run()
    keyed(app, "confirm-key").click().run()
    assert not app.exception
    assert "A file was written there, and removed" in app.success[0].value
    assert known_key(destinations.get(db, to.id).options) == sftp.key


def test_a_key_that_the_machine_knows_cannot_be_overruled_on_the_page(
    page: Open, settings: Settings, db: Database, sftp: SftpServer
) -> None:
    to = on_server(sftp, settings, db)
    sftp.make_known(public(new_key()))
    app = page(PATH)
    keyed(app, f"test-{to.id}").click().run()
    assert "an administrator has to put the new one" in app.error[0].value
    assert not [one for one in app.button if (one.key or "").startswith("accept-key")]
    assert sftp.passwords == []


def test_a_server_from_before_keys_were_kept_is_to_be_tested_once(
    page: Open, settings: Settings, db: Database
) -> None:
    given = {"folder": "sftp://files.example.com/feeds", "user": USER, "password": PASSWORD}
    to = destinations.add(settings, db, "Nightly", DestinationKind.FILE, given)
    destinations.note_try(db, to.id, "")
    app = page(PATH)
    keyed(app, f"open-{to.id}").click().run()
    assert "Test the destination once" in shown(app)


@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_a_server_that_is_sent_the_password_in_the_clear_is_told_from_one_that_is_not(
    page: Open, settings: Settings, db: Database, scheme: str
) -> None:
    given = {"folder": f"{scheme}://files.example.com/feeds", "user": USER, "password": PASSWORD}
    to = destinations.add(settings, db, "Nightly", DestinationKind.FILE, given)
    app = page(PATH)
    keyed(app, f"open-{to.id}").click().run()
    assert ("go there in the clear" in shown(app)) == (scheme == "ftp")
