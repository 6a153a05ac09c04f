"""Tokens that open something. Only their digest is stored: no copy of the tables opens anything."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32
_LONGEST = 200


def fresh() -> str:
    """A token that nobody can guess, fit for a cookie and an address."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> bytes:
    """By what a token is known; what is far too long to be one is like none."""
    # A token is as random as any key, so that nothing slower than this is needed.
    return hashlib.sha256(token[:_LONGEST].encode(errors="replace")).digest()
