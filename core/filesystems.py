"""Opens what an address means, through fsspec: the one way to any file that is elsewhere."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import fsspec

#: Where ours are instead of fsspec's, which believe whatever machine answers. Imported only when
#: such a server is opened: few shops have one.
_OURS = {
    "sftp": ("core.sftp", "SftpFileSystem"),
    "ssh": ("core.sftp", "SftpFileSystem"),
    "ftp": ("core.ftp", "FtpFileSystem"),
    "ftps": ("core.ftp", "FtpsFileSystem"),
}


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
        DestinationRefused: A server has no right certificate, or does not let this user in.
    """
    for scheme, (module, name) in _OURS.items():
        if f"{scheme}://" in address.lower():
            ours = getattr(import_module(module), name)
            fsspec.register_implementation(scheme, ours, clobber=True)
    return fsspec.url_to_fs(address, **options)  # type: ignore[no-any-return]
