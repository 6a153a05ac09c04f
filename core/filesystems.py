"""Opens what an address means, through fsspec: the one way to any file that is elsewhere."""

from __future__ import annotations

from typing import Any

import fsspec

_SSH = ("sftp", "ssh")


def open_address(address: str, **options: Any) -> tuple[Any, str]:
    """The filesystem that an address means, and the path in it.

    Args:
        address: Such as ``s3://bucket/folder``.
        options: Of its kind of filesystem; of an SFTP server also ``host_key``, the key that it
            is known by.

    Raises:
        ImportError: It needs a package that is not installed.
        ValueError: There is no such kind.
        HostKeyRefused: An SFTP server shows a key that is not known to be its own.
    """
    if any(f"{scheme}://" in address.lower() for scheme in _SSH):
        # Not at the top: it takes a moment, and few shops have such a server.
        from core.sftp import SftpFileSystem

        for scheme in _SSH:
            fsspec.register_implementation(scheme, SftpFileSystem, clobber=True)
    return fsspec.url_to_fs(address, **options)  # type: ignore[no-any-return]
