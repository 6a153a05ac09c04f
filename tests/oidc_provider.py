"""A real provider of OpenID Connect on loopback, whose people are told beforehand."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core import ports

START_TIMEOUT_S = 60


@contextmanager
def provider(*people: Mapping[str, Any]) -> Iterator[str]:
    """Run it; yields its address.

    Args:
        people: The claims of everybody who can sign in there, ``sub`` among them.
    """
    port = ports.unused()
    known = [part for one in people for part in ("--user-claims", json.dumps(one))]
    # A process of its own: it warns when it is imported.
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--require-nonce", "true", *known],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        _wait(f"{address}/.well-known/openid-configuration", process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the provider ended while it started"
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the provider did not come up")
