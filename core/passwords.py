"""Passwords as they are stored: by Argon2, slow and greedy on purpose."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn  # type: ignore[import-untyped]

from core.errors import SignInError, SignInLater

SHORTEST = 10
LONGEST = 200
#: Each takes 64 MB while it is worked out: a crowd at the door must not fill the memory.
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE_S = 10.0
#: Of zxcvbn's scores from 0 to 4: a hundred million guesses.
_STRONG_ENOUGH = 3
#: What is looked at of a password: all that zxcvbn takes.
_LOOKED_AT = 72


def check_new(password: str, login: str) -> None:
    """Refuse what would be guessed first.

    Raises:
        SignInError: What is wrong with it.
    """
    if len(password) < SHORTEST:
        raise SignInError(f"The password needs {SHORTEST} characters or more.")
    if len(password) > LONGEST:
        raise SignInError(f"The password may have {LONGEST} characters at most.")
    known = ("shopkeeper", "shop", *re.split(r"[^\w]+", login), login)
    found = zxcvbn(password[:_LOOKED_AT], user_inputs=[one for one in known if one])
    if found["score"] < _STRONG_ENOUGH:
        raise SignInError(
            "This password would soon be guessed. Please choose another, such as three or four "
            "words that do not belong together."
        )


def hashed(password: str) -> str:
    """A password as it is stored."""
    with _in_turn():
        return _hasher().hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is the one that was stored.

    It takes as long where none is stored, so that nobody learns who is known here.

    Raises:
        SignInLater: Too many passwords are being looked at.
    """
    if len(password) > LONGEST:
        password = ""
    with _in_turn():
        try:
            return _hasher().verify(stored or _nobodys(), _normal(password)) and bool(stored)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether it would be stored otherwise today."""
    return _hasher().check_needs_rehash(stored)


def _normal(password: str) -> str:
    # Keyboards differ in how they write an accented letter.
    return unicodedata.normalize("NFC", password)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise SignInLater("Many people sign in at the moment. Please try again.", wait_s=10)
    try:
        yield
    finally:
        _AT_ONCE.release()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody's password")
