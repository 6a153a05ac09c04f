"""What our own servers on loopback ask of whoever calls them.

Loopback is open to every user and every page of a browser on the machine. The
tokens follow from the key of the home, so that each process has them, and none
stands in a command line, in an environment or in a file of its own.
"""

from __future__ import annotations

from pydantic import SecretStr

from core import redaction
from core.sealed import derived
from core.settings import Settings


def chroma(settings: Settings) -> SecretStr | None:
    """The search server's; None for one elsewhere that was given none."""
    if settings.chroma_token is not None:
        return settings.chroma_token
    return _own(settings, "search server") if settings.chroma is None else None


def model(settings: Settings) -> SecretStr:
    """The embedded model's."""
    return _own(settings, "embedded model")


def _own(settings: Settings, server: str) -> SecretStr:
    token = derived(settings, f"token of the {server}").hex()
    redaction.hide(token)
    return SecretStr(token)
