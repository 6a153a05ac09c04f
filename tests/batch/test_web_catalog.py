"""Catalogs from the web: fetched once for each change, and only from where the shop may look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from batch import jobs, schedule_starts, schedules
from batch.catalog_places import place
from batch.schedule_runs import RunStatus
from batch.schedule_task import Trigger
from batch.schedules import Schedule
from core.db import Database
from core.errors import CatalogError, DestinationError, DestinationRefused
from core.settings import Settings, load_settings
from tests.batch.scheduling import BOTTLES, NIGHTLY, Scheduling

CATALOG = b"id,title,price\nP1,Acme bottle 1 2 l,1.50"


@dataclass
class Site:
    """Somebody else's web server.

    Attributes:
        status: What it answers to everything.
        asked: Method and path of each request.
        hosts: Whom each was addressed to.
    """

    body: bytes = CATALOG
    status: int = 200
    head_status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    port: int = 0

    def url(self, path: str = "catalog.csv", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(found.status, with_body=True)

        def do_HEAD(self) -> None:
            self._answer(found.head_status or found.status, with_body=False)

        def _answer(self, status: int, *, with_body: bool) -> None:
            found.asked.append((self.command, self.path))
            found.hosts.append(self.headers["Host"])
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if with_body:
                self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_settings(settings: Settings) -> Settings:
    return load_settings(home=settings.home, sample_shop=False, private_targets="127.0.0.1")


def watching(db: Database, address: str) -> Schedule:
    task = BOTTLES.model_copy(update={"place": address})
    wanted = replace(NIGHTLY, name="Web", trigger=Trigger.CATALOG, cron="*/5 * * * *", task=task)
    return schedules.create(db, wanted)


def test_an_address_inside_the_shops_own_network_is_closed(settings: Settings, site: Site) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(DestinationRefused, match="own network"):
            place(settings, site.url(host=host)).offers()
    assert site.asked == []


def test_an_open_address_does_not_lead_into_the_shops_own_network(
    open_settings: Settings, site: Site
) -> None:
    site.status, site.headers = 302, {"Location": "http://169.254.169.254/latest/meta-data"}
    with pytest.raises(DestinationRefused, match="own network"):
        place(open_settings, site.url()).offers()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "local:///etc/passwd",
        "memory://x.csv",
        "simplecache::file:///etc/passwd",
        "s3://bucket/x.csv::file:///etc/passwd",
        "ftp://host/x.csv",
        "github://owner:repo@/x.csv",
        "https://name:password@host/x.csv",
    ],
)
def test_what_is_no_place_of_others_is_refused(settings: Settings, address: str) -> None:
    with pytest.raises(CatalogError):
        place(settings, address).offers()


def test_a_watched_address_is_read_again_only_when_its_server_tells_of_a_change(
    open_settings: Settings, db: Database, site: Site
) -> None:
    scheduling = Scheduling(open_settings, db)
    site.headers = {"ETag": '"one"'}
    watch = watching(db, site.url("catalog.csv?token=secret"))
    scheduling.look(watch)
    run = scheduling.newest(watch)
    assert run.status is RunStatus.EXTRACTING
    assert jobs.get(db, str(run.job_id)).rows == 1
    scheduling.end_job(run)
    site.asked.clear()
    scheduling.look(watch)
    assert {method for method, _ in site.asked} == {"HEAD"}
    site.headers, site.body = {"ETag": '"two"'}, CATALOG + b"\nP2,Acme bottle 2 2 l,2.50"
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done", "extracting"]


@pytest.mark.parametrize("head_status", [200, 405])
def test_where_nothing_tells_of_a_change_the_content_does(
    open_settings: Settings, db: Database, site: Site, head_status: int
) -> None:
    site.head_status = head_status
    scheduling = Scheduling(open_settings, db)
    watch = watching(db, site.url())
    scheduling.look(watch)
    scheduling.end_job(scheduling.newest(watch))
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done"]
    assert len(list((open_settings.home / "uploads").iterdir())) == 1
    site.body += b"\nP2,Acme bottle 2 2 l,2.50"
    scheduling.look(watch)
    assert scheduling.statuses(watch) == ["done", "extracting"]


def test_an_address_that_has_moved_is_followed_by_its_own_name(
    open_settings: Settings, site: Site
) -> None:
    where = place(open_settings, site.url("old.csv"))
    site.status, site.headers = 301, {"Location": "new.csv"}
    with pytest.raises(DestinationRefused, match="without end"):
        where.offers()
    assert [path for _, path in site.asked[:2]] == ["/old.csv", "/new.csv"]
    assert set(site.hosts) == {f"127.0.0.1:{site.port}"}


def test_a_catalog_that_is_not_there_is_told_at_night_and_waited_for_by_a_watch(
    open_settings: Settings, db: Database, site: Site
) -> None:
    site.status = 404
    scheduling = Scheduling(open_settings, db)
    watch = watching(db, site.url())
    scheduling.look(watch)
    assert schedules.get(db, watch.id).trouble == ""
    task = BOTTLES.model_copy(update={"place": site.url("x.csv?token=secret")})
    nightly = schedules.create(db, replace(NIGHTLY, task=task))
    schedule_starts.now(db, nightly)
    scheduling.step()
    said = scheduling.newest(nightly).said
    assert said == f"There is no file at {site.url('x.csv')}. Check the address."


def test_a_server_that_lets_nobody_in_is_told_of_once_and_forgotten_when_it_does(
    open_settings: Settings, db: Database, site: Site
) -> None:
    site.status = 401
    scheduling = Scheduling(open_settings, db)
    watch = watching(db, site.url())
    scheduling.look(watch)
    assert "does not let Shopkeeper in" in schedules.get(db, watch.id).trouble
    site.status = 200
    scheduling.look(watch)
    assert schedules.get(db, watch.id).trouble == ""
    assert scheduling.newest(watch).status is RunStatus.EXTRACTING


def test_a_server_that_stumbles_is_asked_again(open_settings: Settings, site: Site) -> None:
    site.status = 503
    with pytest.raises(DestinationError, match="503"):
        place(open_settings, site.url()).offers()
    assert len(site.asked) == 3


def test_what_is_too_large_is_not_kept(settings: Settings, db: Database, site: Site) -> None:
    site.body = b"id,title,price\n" + b"x" * (2 << 20)
    small = load_settings(
        home=settings.home, sample_shop=False, private_targets="127.0.0.1", upload_limit_mb=1
    )
    scheduling = Scheduling(small, db)
    watch = watching(db, site.url())
    scheduling.look(watch)
    assert "larger than 1 MB" in scheduling.newest(watch).said
    assert list((small.home / "uploads").iterdir()) == []
