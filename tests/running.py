"""The whole app as a person meets it: started by its own command, seen in a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core import ports

PROJECT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_TIMEOUT_S = 240


@contextmanager
def shop(home: Path, **variables: str) -> Iterator[str]:
    """``make run`` for a home of its own; yields the address of the page.

    Raises:
        AssertionError: It does not come up, or does not end on Ctrl-C.
    """
    port = ports.unused()
    home.mkdir(parents=True, exist_ok=True)
    port = int(variables.get("PORT", port))
    given = {"SHOPKEEPER_HOME": str(home), "PORT": str(port), "SHOPKEEPER_SIGN_IN": "off"}
    environment = os.environ | given | variables
    with (home / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.services", "run"],
            cwd=PROJECT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_page(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0, (home / "run.log").read_text()


def wait_for_page(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the page answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the app ended while it started"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the page did not come up")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless browser: the system's, or else Playwright's own."""
    installed = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=installed, args=BROWSER_ARGUMENTS, timeout=60_000
        )
        try:
            yield launched
        finally:
            launched.close()
