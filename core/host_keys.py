"""The keys that SSH servers are known by, in the form that people compare. Connects to nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

PORT = 22
_TYPES = {"ssh-ed25519": "ED25519", "ssh-rsa": "RSA", "ssh-dss": "DSA"}


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key that a server has shown, and that is not the one that it is known by.

    Attributes:
        server: Which one, such as ``files.example.com`` or ``files.example.com:2222``.
        key: What it has shown, such as ``ssh-ed25519 AAAA…``.
        expected: What it is known by; empty: nothing is known of it.
        by_machine: Whether that stands in a file ``known_hosts`` of this machine.
    """

    server: str
    key: str
    expected: str = ""
    by_machine: bool = False


def fingerprint(key: str) -> str:
    """A key as OpenSSH tells it to people: ``ED25519 SHA256:…``.

    Args:
        key: Its type and what it is, such as ``ssh-ed25519 AAAA…``.
    """
    kind, _, encoded = key.partition(" ")
    digest = hashlib.sha256(base64.b64decode(encoded)).digest()
    name = "ECDSA" if kind.startswith("ecdsa-") else _TYPES.get(kind, kind)
    return f"{name} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def server_name(host: str, port: int | None) -> str:
    """A server as people call it: with its port only where that is not the usual one."""
    return host.lower() if port in (None, PORT) else f"{host.lower()}:{port}"


def told(shown: ShownKey) -> str:
    """What has happened, for people; what to do about it depends on who has set up the server."""
    kept = "so nothing was sent to it, no password either."
    if not shown.expected:
        return (
            f"{shown.server} shows the key {fingerprint(shown.key)}, which nobody has confirmed "
            f"yet, {kept}"
        )
    return (
        f"{shown.server} shows the key {fingerprint(shown.key)}, but it is known by "
        f"{fingerprint(shown.expected)}. Another machine may be posing as it, {kept}"
    )
