"""A pool on SQLite and on Postgres, whose time a test can turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.admission import Lease
from core.endpoints import Endpoint
from core.grants import Grant, Wish
from core.pool import Pool
from core.pool_store import PoolStore, open_store
from core.settings import Settings, load_settings
from tests import postgres


class Clock:
    """The database's time, as a test wants it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class FixedRoster:
    """Endpoints that a test may change."""

    problem: str | None = None

    def __init__(self, *endpoints: Endpoint) -> None:
        self.found = endpoints

    def endpoints(self) -> tuple[Endpoint, ...]:
        return self.found


class House:
    """A pool's store and endpoints, and the processes that share them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.roster = FixedRoster(Endpoint("e", "http://e/v1", "m", slots=4))
        self._opened: list[PoolStore] = []

    @property
    def endpoint(self) -> Endpoint:
        return self.roster.found[0]

    def have(self, *endpoints: Endpoint) -> None:
        self.roster.found = endpoints

    def process(self) -> Pool:
        """One more process with a view of its own."""
        store = open_store(self.settings)
        store._as_told = self._as_told  # type: ignore[method-assign]
        self._opened.append(store)
        return Pool(self.settings, store, self.roster)  # type: ignore[arg-type]

    def _as_told(self, now: float) -> float:
        return self.clock.now

    def close(self) -> None:
        for store in self._opened:
            store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=postgres.BOTH)
def house(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[House]:
    url = postgres.of_parameter(request)
    opened = House(load_settings(home=tmp_path / "home", database=url), clock)
    yield opened
    opened.close()


def want(
    pool: Pool, endpoint: Endpoint, count: int, *, busy: int = 0, returned: tuple[int, ...] = ()
) -> Grant:
    """Ask for so many slots in all, of which so many are in use."""
    wish = Wish(endpoint, count, max(0, count - busy), count, 0, 100.0)
    return pool.sync([wish], returned)[endpoint.name]


def slots(grant: Grant) -> list[int | None]:
    return [lease.slot for lease in grant.leases]


def kept(grant: Grant) -> list[Lease]:
    return [lease for lease in grant.leases if not lease.revoked]
