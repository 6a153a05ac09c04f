from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core import ports
from core.errors import ServiceError
from core.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", cache=tmp_path / "cache")


def test_reading_before_a_start_says_how_to_start(settings: Settings) -> None:
    with pytest.raises(ServiceError, match=r"not running for .*home; start it with `make run`"):
        ports.read(settings)


def test_allocated_ports_are_distinct_free_and_read_back(settings: Settings) -> None:
    given = ports.allocate(settings)
    assert given.chroma != given.model
    assert ports.is_free(given.chroma)
    assert ports.is_free(given.model)
    assert ports.read(settings) == given


def test_recorded_ports_are_kept_while_free(settings: Settings) -> None:
    assert ports.allocate(settings) == ports.allocate(settings)


def test_a_taken_port_is_replaced(settings: Settings) -> None:
    first = ports.allocate(settings)
    with socket.create_server((ports.LOOPBACK, first.chroma)):
        second = ports.allocate(settings)
    assert first.chroma not in (second.chroma, second.model)
    assert ports.read(settings) == second


@pytest.mark.parametrize("text", ["", "[]", '{"chroma": 1}', '{"chroma": "x", "model": 2}'])
def test_a_damaged_record_counts_as_none(settings: Settings, text: str) -> None:
    settings.run.mkdir(parents=True)
    (settings.run / "ports.json").write_text(text)
    with pytest.raises(ServiceError):
        ports.read(settings)
    assert ports.allocate(settings) == ports.read(settings)


def test_a_home_that_is_a_file_is_a_service_error(settings: Settings) -> None:
    settings.home.write_text("in the way")
    with pytest.raises(ServiceError, match="Cannot create the folder"):
        ports.allocate(settings)


def test_a_listening_port_is_not_free() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_no_outgoing_connection_can_take_a_port_before_its_server_listens() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not given.exists():
        pytest.skip("only Linux says which ports those are")
    lowest, highest = map(int, given.read_text().split())
    assert not any(lowest <= ports.unused() <= highest for _ in range(50))


def test_a_port_of_outgoing_connections_from_an_older_release_is_replaced(
    settings: Settings,
) -> None:
    settings.run.mkdir(parents=True)
    (settings.run / "ports.json").write_text('{"chroma": 45001, "model": 45002}')
    given = ports.allocate(settings)
    assert given.chroma in ports.SERVERS
    assert given.model in ports.SERVERS
