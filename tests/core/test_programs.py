from __future__ import annotations

import configparser
import shlex
import sys
from pathlib import Path

import pytest

from core import programs
from core.ports import Ports
from core.programs import Service
from core.settings import PROJECT, Settings, load_settings

PORTS = Ports(chroma=7001, model=7002)


def _parsed(settings: Settings) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(programs.config(settings, PORTS, Path("/tmp/s.sock")))
    return parser


def test_every_service_has_a_program_that_is_started_on_demand(settings: Settings) -> None:
    parser = _parsed(settings)
    for name in [*Service, programs.WATCH]:
        section = parser[f"program:{name}"]
        assert section["autorestart"] == "true"
        assert section["stopasgroup"] == section["killasgroup"] == "true"
        assert section["autostart"] == ("true" if name == programs.WATCH else "false")
        assert section["stdout_logfile"] == str(settings.logs / f"{name}.log")
        assert shlex.split(section["command"])[:3] == [sys.executable, "-m", "core.child"]


def test_a_stop_takes_less_than_ten_seconds(settings: Settings) -> None:
    parser = _parsed(settings)
    groups = [section for section in parser.sections() if section.startswith("group:")]
    longest = [
        max(
            parser.getint(f"program:{name}", "stopwaitsecs")
            for name in parser[group]["programs"].split(",")
        )
        for group in groups
    ]
    assert sum(longest) < 10


def test_what_others_work_with_is_stopped_last(settings: Settings) -> None:
    parser = _parsed(settings)
    # supervisord stops the highest priority first.
    assert parser.getint("group:front", "priority") > parser.getint("group:back", "priority")
    assert "worker" in parser["group:front"]["programs"]
    assert "model" in parser["group:back"]["programs"]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (Service.MODEL, "-m core.model_server --port 7002 --slots 6"),
        (Service.WORKER, "-m batch.worker"),
        (Service.INDEXER, "-m rag.indexer"),
        (
            Service.PAGE,
            f"-m streamlit run {PROJECT}/app.py --server.port 8600 --server.address 0.0.0.0"
            " --server.maxUploadSize 2000 --server.headless true",
        ),
    ],
)
def test_commands(tmp_path: Path, service: Service, expected: str) -> None:
    settings = load_settings(
        home=tmp_path,
        port=8600,
        address="0.0.0.0",
        sign_in="password",
        slots=6,
        upload_limit_mb=2000,
    )
    assert programs.command(service, settings, PORTS) == [sys.executable, *expected.split()]


def test_chroma_keeps_its_files_in_the_home_and_to_itself(settings: Settings) -> None:
    line = programs.command(Service.CHROMA, settings, PORTS)
    assert line[1:] == [
        *("-m", "rag.chroma_server", "--path", str(settings.home / "chroma")),
        *("--port", "7001"),
    ]


def test_awkward_folders_survive_the_configuration(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "50% off; it's new")
    section = _parsed(settings)["program:chroma"]
    line = shlex.split(section["command"].replace("%%", "%"))
    assert str(settings.home / "chroma") in line


def test_a_program_is_known_by_its_group() -> None:
    assert programs.full_name(Service.WORKER) == "front:worker"
    assert programs.full_name(programs.WATCH) == "back:watch"
