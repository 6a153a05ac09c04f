"""Secrets as they are stored: encrypted with a key that is not in the database.

The key comes from ``SHOPKEEPER_SECRET_KEY``, or is made once for a home and
kept there in a file that only its owner may read. Without it nothing of what
was sealed can be read again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from core import redaction
from core.errors import SettingError
from core.files import make_folder
from core.settings import Settings

FILE = "secret.key"


def seal(settings: Settings, secret: str) -> str:
    """A secret as text that may be stored."""
    redaction.hide(secret)
    return _fernet(settings).encrypt(secret.encode()).decode()


def unseal(settings: Settings, sealed: str) -> str:
    """The secret that was sealed.

    Raises:
        SettingError: It was sealed with another key.
    """
    try:
        secret = _fernet(settings).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SettingError(
            "A stored password or token cannot be read: it was stored under another key. "
            "Set SHOPKEEPER_SECRET_KEY to the key of that time, bring back the file "
            f"{settings.home / FILE}, or enter the password again."
        ) from error
    redaction.hide(secret)
    return secret


def key(settings: Settings) -> bytes:
    """32 bytes that nobody outside knows, the same for every process of a home."""
    if settings.secret_key is not None:
        return hashlib.sha256(settings.secret_key.get_secret_value().encode()).digest()
    return base64.b64decode(_kept(settings.home / FILE))


def derived(settings: Settings, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, of which nothing follows for any other."""
    return hashlib.blake2b(purpose.encode(), key=key(settings), digest_size=32).digest()


def key_id(settings: Settings) -> str:
    """Tells one key from another, and nothing of it."""
    return derived(settings, "name of the key").hex()[:16]


def _fernet(settings: Settings) -> Fernet:
    return _made(derived(settings, "stored secrets"))


@lru_cache(maxsize=8)
def _made(secret: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(secret))


def _kept(path: Path) -> bytes:
    """What is in the file of the key; made first where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        _make(path)
        return path.read_bytes()


def _make(path: Path) -> None:
    """Whole or not at all, and of several processes at the same time the first one counts."""
    make_folder(path.parent)
    handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(32)))
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        Path(part).unlink()
