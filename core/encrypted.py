"""Encrypts a file for whoever has a key, as age does, so that the program ``age`` opens it, too.

The format is https://age-encryption.org/v1. Encrypting takes only the public
key: a machine that makes backups every night cannot read them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any, BinaryIO

import pyrage

from core.errors import BackupError

HEADER = b"age-encryption.org/v1"
#: Longer than any key; a file of another kind is not read to its end.
_KEY_BYTES = 100_000


def is_encrypted(path: Path) -> bool:
    """Whether a file begins as age's files do."""
    with path.open("rb") as file:
        return file.read(len(HEADER)) == HEADER


def new_key(path: Path) -> str:
    """Write a new key to a file for its owner only.

    Returns:
        The public key, ``age1…``, which may be shown to anybody.

    Raises:
        BackupError: The file is there already, or cannot be written.
    """
    key = pyrage.x25519.Identity.generate()
    public = str(key.to_public())
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(f"# public key: {public}\n{key}\n")
    except FileExistsError as error:
        raise BackupError(f"{path} is there already. Name another file.") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error
    return public


@contextmanager
def encrypting(file: BinaryIO, keys: Sequence[str]) -> Iterator[BinaryIO]:
    """A stream for writing, of which ``file`` gets the encrypted bytes; nothing is kept elsewhere.

    Args:
        file: What is written to; it stays open.
        keys: Public keys, ``age1…`` or ``ssh-ed25519 …``. Each opens it alone.

    Raises:
        BackupError: One of them is no public key.
        OSError: The file cannot be written.
    """
    public = [_public(key) for key in keys]
    failures: list[Exception] = []
    watched = _Watched(file)
    # age reads what it encrypts, archives write what they are made of: a pipe lies between.
    source, target = os.pipe()

    def encrypt() -> None:
        with os.fdopen(source, "rb") as plain:
            try:
                pyrage.encrypt_io(plain, watched, public)
            except (OSError, pyrage.EncryptError) as error:
                failures.append(watched.failure or error)

    thread = Thread(target=encrypt, name="encryption")
    thread.start()
    try:
        with os.fdopen(target, "wb") as stream:
            yield stream
    except BrokenPipeError:
        if not failures:
            raise
    finally:
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def decrypted(path: Path, key: Path | None) -> Iterator[IO[bytes]]:
    """The content of an encrypted file, in a temporary file that has no name.

    Args:
        path: The encrypted file.
        key: The file of the key, from :func:`new_key`, ``age-keygen`` or ``ssh-keygen``.

    Raises:
        BackupError: There is no key, it is another one's, the file is damaged, or there is no
            room for the temporary one.
    """
    if key is None:
        raise BackupError(f"{path} is encrypted. Name the file of its key: --key FILE.")
    secrets = _secrets(key)
    with tempfile.TemporaryFile() as plain, path.open("rb") as file:
        watched = _Watched(plain)
        try:
            pyrage.decrypt_io(file, watched, secrets)
        except (pyrage.DecryptError, OSError) as error:
            raise BackupError(_unreadable(path, key, error, watched.failure)) from error
        plain.seek(0)
        yield plain


def _public(text: str) -> Any:
    for kind in (pyrage.x25519.Recipient, pyrage.ssh.Recipient):
        with suppress(pyrage.RecipientError):
            return kind.from_str(text.strip())
    raise BackupError(
        f"“{text}” is no public key. It looks like age1…, as `python -m core backup-key FILE` "
        "prints it, or like ssh-ed25519 AAAA…."
    )


def _secrets(path: Path) -> list[Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_KEY_BYTES)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
    with suppress(pyrage.IdentityError):
        return [pyrage.ssh.Identity.from_buffer(content)]
    lines = content.decode(errors="replace").splitlines()
    found = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    try:
        if found:
            return [pyrage.x25519.Identity.from_str(line.strip()) for line in found]
    except pyrage.IdentityError as error:
        raise BackupError(f"The key in {path} is damaged.") from error
    raise BackupError(f"There is no key in {path}: a line begins with AGE-SECRET-KEY-.")


def _unreadable(path: Path, key: Path, error: Exception, full: OSError | None) -> str:
    if full is not None:
        return (
            f"{path} cannot be decrypted in {tempfile.gettempdir()}: {full.strerror}. It needs as "
            "much room as the file has; TMPDIR names another folder."
        )
    if isinstance(error, pyrage.DecryptError):
        return f"{path} was not made for the key in {key} ({error}). Name the right one."
    return f"{path} is damaged ({error}). Nothing was changed; take another backup."


class _Watched:
    """A file that remembers why it could not be written: age tells of it in words only."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._file.flush()
