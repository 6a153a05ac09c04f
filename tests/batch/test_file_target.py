from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import s3fs  # type: ignore[import-untyped]

from batch import delivering, delivery_control, destinations, targets
from batch.choice import Choice
from batch.destination_options import DestinationKind, FileOptions
from batch.destinations import Destination
from batch.download_forms import Form
from core import products
from core.db import Database
from core.errors import DestinationError, DestinationRefused
from core.settings import Settings, load_settings
from core.statuses import DeliveryStatus
from core.values import Value
from tests.batch.delivering import approve, asked, brought, counts, delivered, finished
from tests.ftp_server import FtpServer
from tests.mail_sink import make_certificate
from tests.object_store import KEY, SECRET, ObjectStore
from tests.sftp_server import PASSWORD, USER, SftpServer


def to(settings: Settings, db: Database, folder: str, **more: Any) -> Destination:
    given = {"folder": folder, "form": "csv", **more}
    return destinations.add(settings, db, f"To {folder[-60:]}", DestinationKind.FILE, given)


def test_a_file_is_written_below_the_folder_for_exports(settings: Settings, db: Database) -> None:
    place = to(settings, db, "feeds/nightly", name="{job} {date}")
    delivery = brought(settings, db, place, finished(settings, db, 3))
    assert delivery.status is DeliveryStatus.DONE
    assert counts(delivery) == (3, 3, 3, 0)
    (file,) = (settings.exports / "feeds/nightly").iterdir()
    assert file.name.startswith("Bottles-20") and file.suffix == ".csv"
    assert file.read_text("utf-8-sig").splitlines()[0].startswith("id,title,price,brand")


def test_a_file_has_only_the_rows_that_are_meant(settings: Settings, db: Database) -> None:
    job = finished(settings, db, 3)
    approve(db, job, [2])
    brought(settings, db, to(settings, db, "x", form="jsonl"), job, Choice.APPROVED)
    (file,) = (settings.exports / "x").iterdir()
    assert file.read_text().count("\n") == 1
    assert '"id":"P2"' in file.read_text()


@pytest.mark.parametrize(
    ("form", "guard", "cell"),
    [
        ("csv", None, "'=1+1"),
        ("csv", False, "=1+1"),
        ("google", None, "=1+1"),
        ("google", True, "'=1+1"),
    ],
)
def test_formulas_are_made_harmless_as_the_destination_says(
    settings: Settings, db: Database, form: str, guard: bool | None, cell: str
) -> None:
    job = finished(settings, db, 1, changed={1: {"brand": Value("=1+1")}})
    place = to(settings, db, "guarded", form=form, guard=guard)
    brought(settings, db, place, job)
    (file,) = (settings.exports / "guarded").iterdir()
    cells = file.read_text("utf-8-sig").splitlines()[1].replace("\t", ",").split(",")
    assert cell in cells


def test_an_object_store_is_written_to_with_its_own_keys(
    settings: Settings, db: Database, bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in bucket.environment:
        monkeypatch.delenv(name)
    closed_settings = load_settings(home=settings.home)
    given = {"endpoint": bucket.url, "user": KEY, "password": SECRET, "region": "us-east-1"}
    place = to(settings, db, "s3://shop/feeds", **given)
    assert targets.attempt(settings, db, place.id).works
    assert bucket.keys("shop") == []
    brought(settings, db, place, finished(settings, db, 3))
    assert bucket.keys("shop") == ["feeds/Bottles.csv"]
    closed = targets.attempt(closed_settings, db, place.id)
    assert "SHOPKEEPER_PRIVATE_TARGETS" in closed.said
    bucket.refuse = lambda _method, _query: True
    refused = targets.attempt(settings, db, place.id)
    assert not refused.works
    assert SECRET not in refused.said


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_file_is_delivered_to_an_ftp_server(
    settings: Settings,
    db: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    encrypted: bool,
) -> None:
    certificate, served = tmp_path / "server.pem", tmp_path / "served"
    make_certificate(certificate)
    served.mkdir()
    with FtpServer(served, certificate if encrypted else None).running() as server:
        folder = f"{'ftps' if encrypted else 'ftp'}://127.0.0.1:{server.port}/feeds"
        place = to(settings, db, folder, user=USER, password=PASSWORD)
        if encrypted:
            assert "shows a certificate" in targets.attempt(settings, db, place.id).said
            assert server.passwords == []
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert targets.attempt(settings, db, place.id).works
        assert server.files() == []
        brought(settings, db, place, finished(settings, db, 3))
        assert server.files() == ["feeds/Bottles.csv"]


@pytest.fixture(params=["folder", "bucket", "server"])
def place(request: pytest.FixtureRequest, settings: Settings, db: Database) -> Destination:
    if request.param == "folder":
        return to(settings, db, "feeds")
    if request.param == "server":
        server: SftpServer = request.getfixturevalue("sftp")
        server.make_known()
        return to(settings, db, f"{server.address}/feeds", user=USER, password=PASSWORD)
    request.getfixturevalue("bucket")
    return to(settings, db, "s3://shop/feeds")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return load_settings(
        home=settings.home, private_targets="127.0.0.1", export_stores="s3://shop/feeds"
    )


def written(settings: Settings, place: Destination) -> dict[str, bytes]:
    """What is in the destination's folder."""
    assert isinstance(place.options, FileOptions)
    local = {"feeds": settings.exports, "sftp": settings.home.parent / "served"}
    if top := local.get(place.options.folder.partition(":")[0]):
        folder = top / "feeds"
        files = folder.iterdir() if folder.is_dir() else ()
        return {file.name: file.read_bytes() for file in files}
    client = s3fs.S3FileSystem(skip_instance_cache=True)
    return {path.rpartition("/")[2]: client.cat(path) for path in client.find("shop/feeds")}


def test_what_fails_half_way_leaves_the_file_before(
    settings: Settings, db: Database, place: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = finished(settings, db, 5)
    brought(settings, db, place, job)
    before = written(settings, place)
    assert list(before) == ["Bottles.csv"]

    def broken(*_: Any, **__: Any) -> Iterator[bytes]:
        yield b"half of it" * 3_000_000
        raise OSError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(delivering, "download", broken)
        patched.setattr(delivering, "PAUSES_S", ())
        delivery = asked(db, place, job)
        with pytest.raises(DestinationError, match="the disk is gone"):
            delivered(settings, db, delivery)
        assert written(settings, place) == before
    assert delivered(settings, db, delivery).status is DeliveryStatus.DONE
    assert written(settings, place) == before


def test_a_delivery_that_is_cancelled_writes_nothing(
    settings: Settings, db: Database, place: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = asked(db, place, finished(settings, db, 5))

    def cancelled_meanwhile(*_: Any, **__: Any) -> Iterator[bytes]:
        yield b"half of it" * 3_000_000
        delivery_control.cancel(db, delivery.id)
        yield b"the rest"

    monkeypatch.setattr(delivering, "LOOK_S", 0.0)
    monkeypatch.setattr(delivering, "download", cancelled_meanwhile)
    ended = delivered(settings, db, delivery)
    assert ended.status is DeliveryStatus.CANCELLED
    assert written(settings, place) == {}


@pytest.mark.parametrize(
    "folder",
    [
        "../x",
        "/etc",
        "a/../../b",
        "~/x",
        "file:///etc/../x",
        "zip::file:///etc/x",
        "simplecache::s3://x/y",
        "http://127.0.0.1/x",
        "github://a:b@/x",
        "s3://shop/../other",
        "C:\\x",
        "",
        ".",
    ],
)
def test_places_that_are_out_of_reach_are_refused(
    settings: Settings, db: Database, folder: str
) -> None:
    with pytest.raises(DestinationRefused, match="The folder"):
        to(settings, db, folder)


@pytest.mark.parametrize("folder", ["file:///etc", "out"])
def test_other_folders_of_this_machine_are_closed(
    settings: Settings, db: Database, folder: str, tmp_path: Path
) -> None:
    settings.exports.mkdir(parents=True)
    (settings.exports / "out").symlink_to(tmp_path)
    assert "is not below" in targets.attempt(settings, db, to(settings, db, folder).id).said


def test_a_file_address_inside_the_folder_for_exports_is_fine(
    settings: Settings, db: Database
) -> None:
    place = to(settings, db, f"file://{settings.exports}/feeds")
    brought(settings, db, place, finished(settings, db, 1))
    assert (settings.exports / "feeds" / "Bottles.csv").exists()


def test_an_export_folder_that_holds_our_own_data_is_refused(
    settings: Settings, db: Database
) -> None:
    wide = load_settings(home=settings.home, export_folder=settings.home.parent)
    trial = targets.attempt(wide, db, to(settings, db, "x").id)
    assert "SHOPKEEPER_EXPORT_FOLDER" in trial.said


def test_the_storage_of_uploads_is_out_of_reach(settings: Settings, db: Database) -> None:
    stored = load_settings(home=settings.home, storage="s3://shop/uploads")
    trial = targets.attempt(stored, db, to(settings, db, "s3://shop/uploads/x").id)
    assert "uploaded catalogs" in trial.said


def test_nor_can_the_storage_be_reached_by_another_name(settings: Settings, db: Database) -> None:
    stored = load_settings(
        home=settings.home, storage="s3://shop/uploads", export_stores="s3://shop"
    )
    trial = targets.attempt(stored, db, to(settings, db, "s3a://shop/uploads/x").id)
    assert "uploaded catalogs" in trial.said


@pytest.mark.parametrize(
    ("folder", "more"),
    [
        ("s3://other/feeds", {}),
        ("s3://shop/feeds-of-others", {}),
        ("s3://shop", {}),
        ("s3://other/feeds", {"user": KEY}),
        ("s3://other/feeds", {"password": SECRET}),
        ("gs://other/feeds", {"user": KEY, "password": SECRET}),
        ("sftp://shop@192.0.2.1/feeds", {}),
    ],
)
def test_the_keys_of_the_machine_are_used_nowhere_but_where_it_was_allowed(
    settings: Settings, db: Database, bucket: ObjectStore, folder: str, more: dict[str, str]
) -> None:
    bucket.client().create_bucket(Bucket="other")
    trial = targets.attempt(settings, db, to(settings, db, folder, **more).id)
    assert "SHOPKEEPER_EXPORT_STORES" in trial.said
    assert bucket.keys("other") == bucket.keys("shop") == []


def test_the_keys_of_the_machine_are_not_sent_to_another_server(
    settings: Settings, db: Database, bucket: ObjectStore
) -> None:
    place = to(settings, db, "s3://shop/feeds", endpoint=bucket.url)
    asked = len(bucket.asked)
    assert "would be sent the shop's own keys" in targets.attempt(settings, db, place.id).said
    assert len(bucket.asked) == asked


def test_a_password_in_an_address_is_refused(settings: Settings, db: Database) -> None:
    with pytest.raises(DestinationRefused, match="must do without a password"):
        to(settings, db, "sftp://shop:secret@files.example/feeds")


@pytest.mark.parametrize("name", ["../{job}", "a/b", ".hidden", "{secret}", "{job.__class__}"])
def test_file_names_that_are_none_are_refused(settings: Settings, db: Database, name: str) -> None:
    with pytest.raises(DestinationRefused, match="The file's name"):
        to(settings, db, "x", name=name)


def test_every_form_of_a_download_can_be_written(settings: Settings, db: Database) -> None:
    job = finished(settings, db, 3, failed=[2])
    for form in Form:
        place = to(settings, db, f"forms/{form}", form=form)
        assert brought(settings, db, place, job, Choice.ALL).status is DeliveryStatus.DONE
        (file,) = (settings.exports / "forms" / form).iterdir()
        assert file.stat().st_size > 0


def test_the_chat_gets_only_what_is_approved_where_that_is_asked(
    settings: Settings, db: Database
) -> None:
    job = finished(settings, db, 4)
    approve(db, job, [1, 3])
    chat = destinations.add(settings, db, "The chat", DestinationKind.CHAT, {})
    delivery = brought(settings, db, chat, job, Choice.APPROVED)
    assert counts(delivery) == (2, 2, 2, 0)
    assert sorted(one.id for one in products.iterate(db)) == ["P1", "P3"]
    assert brought(settings, db, chat, job).sent == 4
    assert products.count(db) == 4
    assert targets.attempt(settings, db, chat.id).said == "The chat answers from 4 products."


def test_a_stored_password_is_never_sent_to_another_server(
    settings: Settings, db: Database, bucket: ObjectStore
) -> None:
    own = {"endpoint": "https://store.example", "user": KEY, "password": SECRET}
    place = to(settings, db, "s3://shop/feeds", **own)
    changed = {"folder": "s3://shop/feeds", "form": "csv", "user": KEY, "endpoint": bucket.url}
    with pytest.raises(DestinationRefused, match="Type the password"):
        destinations.change(settings, db, place.id, place.name, changed)
    elsewhere = changed | {"endpoint": own["endpoint"], "folder": "s3://shop/other"}
    destinations.change(settings, db, place.id, place.name, elsewhere)
    assert destinations.secrets_of(settings, db, place.id) == {"password": SECRET}
    destinations.change(settings, db, place.id, place.name, changed | {"password": "another"})
    assert destinations.secrets_of(settings, db, place.id) == {"password": "another"}
