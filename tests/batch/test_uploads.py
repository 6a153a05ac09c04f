from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from batch import stored_rows, uploads
from batch.columns import Columns
from batch.plan import Plan
from batch.submission import submit
from batch.uploads import Stage
from core.db import Database
from core.errors import CatalogError, SettingError
from core.settings import Settings, load_settings
from core.statuses import JobStatus
from tests.batch.conftest import FIELDS
from tests.batch.processes import until_ended, worker
from tests.fake_endpoint import FakeEndpoint
from tests.full_disk import room_for
from tests.object_store import ObjectStore


def catalog(count: int) -> io.BytesIO:
    lines = [f"P{n},Acme bottle {n},{n * 7919 % 1_000_003:x}" for n in range(1, count + 1)]
    return io.BytesIO("\n".join(["id,title,code", *lines]).encode())


@pytest.fixture
def in_bucket(settings: Settings, bucket: ObjectStore) -> Settings:
    return load_settings(home=settings.home, sample_shop=False, storage="s3://shop/catalogs")


def test_a_catalog_in_a_bucket_is_used_like_one_at_home(
    in_bucket: Settings, db: Database, bucket: ObjectStore
) -> None:
    upload = uploads.store(in_bucket, db, "bottles.csv", catalog(2_500))
    assert bucket.keys("shop") == [
        f"catalogs/{upload.id}/original",
        f"catalogs/{upload.id}/rows.parquet",
    ]
    assert not (in_bucket.home / "uploads").exists()
    columns = uploads.guess(in_bucket, upload)
    assert (columns.id, columns.title) == ("id", "title")
    assert uploads.id_notes(in_bucket, upload, columns) == ()
    job = submit(db, upload.id, columns, Plan(FIELDS), "Bottles")
    (row,) = stored_rows.page(in_bucket, db, job, 2_001, 1)
    assert row.original["id"] == "P2001"
    with uploads.original_path(in_bucket, upload.id).open() as file:
        assert file.read(9) == b"id,title,"


def test_a_shard_of_a_catalog_in_a_bucket_fetches_only_its_rows(
    in_bucket: Settings, db: Database, bucket: ObjectStore
) -> None:
    upload = uploads.store(in_bucket, db, "bottles.csv", catalog(30_000))
    table = uploads.table_path(in_bucket, upload.id)
    uploads.preview(in_bucket, upload)  # the table's end is known from now on
    job = submit(db, upload.id, Columns(id="id", text=("title",)), Plan(FIELDS), "Bottles")
    bucket.asked, bucket.sent = [], 0
    assert len(stored_rows.page(in_bucket, db, job, 7_001, 1_000)) == 1_000
    assert [method for method, _ in bucket.asked].count("GET") == 1
    assert 0 < bucket.sent < table.size() / 20


def test_a_catalog_that_is_refused_leaves_nothing_in_the_bucket(
    in_bucket: Settings, db: Database, bucket: ObjectStore
) -> None:
    with pytest.raises(CatalogError, match="no products"):
        uploads.store(in_bucket, db, "x.csv", io.BytesIO(b"id,title\n"))
    assert bucket.keys("shop") == []


def test_a_bucket_that_is_not_there_is_named(
    settings: Settings, db: Database, bucket: ObjectStore
) -> None:
    wrong = load_settings(home=settings.home, storage="s3://elsewhere/x")
    with pytest.raises(SettingError, match=r"s3://elsewhere/x.*no such bucket.*SHOPKEEPER_STORAGE"):
        uploads.store(wrong, db, "bottles.csv", catalog(3))
    upload = uploads.store(settings, db, "bottles.csv", catalog(3))
    with pytest.raises(CatalogError, match="no longer there"):
        uploads.preview(wrong, upload)


@pytest.mark.processes
def test_a_worker_reads_its_rows_from_the_bucket(
    in_bucket: Settings, db: Database, bucket: ObjectStore, endpoint: FakeEndpoint
) -> None:
    upload = uploads.store(in_bucket, db, "bottles.csv", catalog(1_100))
    columns = Columns(id="id", text=("title",))
    job = submit(db, upload.id, columns, Plan(FIELDS), "Bottles")
    with worker(in_bucket, endpoint, SHOPKEEPER_STORAGE="s3://shop/catalogs"):
        ended = until_ended(db, job)
    assert (ended.status, ended.done, ended.failed) == (JobStatus.DONE, 1_100, 0)


@pytest.mark.processes
def test_a_worker_does_not_start_with_a_bucket_that_is_not_there(
    settings: Settings, db: Database, bucket: ObjectStore, endpoint: FakeEndpoint
) -> None:
    with worker(settings, endpoint, SHOPKEEPER_STORAGE="s3://elsewhere") as process:
        assert process.wait(300) == 1
    assert "no such bucket" in (settings.home / "worker.log").read_text()


@pytest.mark.parametrize("room", [1_000, 20_000], ids=["for no copy", "for the copy only"])
def test_a_full_disk_leaves_nothing_half(settings: Settings, db: Database, room: int) -> None:
    # Many columns and few rows: the table is larger than the file.
    header = ",".join(f"c{number}" for number in range(500))
    with room_for(room), pytest.raises(CatalogError, match="SHOPKEEPER_STORAGE"):
        uploads.store(settings, db, "x.csv", io.BytesIO(f"{header}\n1,2,3\n".encode()))
    assert list((settings.home / "uploads").iterdir()) == []


def test_a_full_disk_of_the_database_leaves_nothing_half(settings: Settings, db: Database) -> None:
    # The catalog's copy and its table are smaller than what the database writes at least.
    with room_for(8_000), pytest.raises(CatalogError, match=r"could not be recorded"):
        uploads.store(settings, db, "x.csv", catalog(3))
    assert list((settings.home / "uploads").iterdir()) == []
    assert uploads.find(db, hashlib.sha256(catalog(3).read()).hexdigest()) is None


def test_a_file_over_the_limit_is_refused_with_what_to_do(tmp_path: Path, db: Database) -> None:
    small = load_settings(home=tmp_path / "home", upload_limit_mb=1)
    with pytest.raises(CatalogError, match=r"larger than 1 MB.*SHOPKEEPER_UPLOAD_LIMIT_MB"):
        uploads.store(small, db, "x.csv", catalog(60_000))
    assert not (small.home / "uploads").exists() or not list((small.home / "uploads").iterdir())


def test_a_stream_over_the_limit_is_given_up_on_the_way(tmp_path: Path, db: Database) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            self.taken += size
            return b"x" * size

    small, stream = load_settings(home=tmp_path / "home", upload_limit_mb=3), Endless()
    with pytest.raises(CatalogError, match="larger than 3 MB"):
        uploads.store(small, db, "x.csv", stream)  # type: ignore[arg-type]
    assert stream.taken <= 4 * uploads.BLOCK_BYTES
    assert list((small.home / "uploads").iterdir()) == []


def test_every_stage_tells_how_far_it_is(settings: Settings, db: Database) -> None:
    seen: dict[Stage, list[tuple[int, int]]] = {stage: [] for stage in Stage}
    data = catalog(2_500)
    uploads.store(settings, db, "x.csv", data, lambda stage, *far: seen[stage].append(far))
    size = len(data.getvalue())
    assert [far[-1] for far in seen.values()] == [(size, size), (size, size)]


def test_the_newest_upload_of_a_content_is_found_again(settings: Settings, db: Database) -> None:
    uploads.store(settings, db, "first.csv", catalog(3))
    second = uploads.store(settings, db, "second.csv", catalog(3))
    found = uploads.find(db, second.catalog.sha256)
    assert found is not None
    assert found.id == second.id
    assert uploads.find(db, "0" * 64) is None
