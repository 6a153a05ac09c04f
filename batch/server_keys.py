"""Which key the SFTP server of a destination is known by, and what people are told about it.

Knows no database and opens no connection.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from batch.destination_options import FileOptions, Options, from_json
from core.errors import HostKeyRefused
from core.host_keys import ShownKey, server_name

SSH = ("sftp", "ssh")


def ssh_server(options: Options) -> str:
    """The SFTP server that a destination is on; empty: on none."""
    if not isinstance(options, FileOptions) or options.folder.partition("://")[0] not in SSH:
        return ""
    parts = urlsplit(options.folder)
    return server_name(parts.hostname or "", parts.port)


def is_in_the_clear(options: Options) -> bool:
    """Whether the way to its server is not encrypted."""
    return isinstance(options, FileOptions) and options.folder.startswith("ftp://")


def known_key(options: Options) -> str:
    """The key that was kept for its server; empty: none."""
    return options.host_key if isinstance(options, FileOptions) else ""


def with_key(options: Options, key: str) -> Options:
    """The same options with a key that its server is known by from now on.

    Raises:
        DestinationRefused: It is no key.
    """
    return from_json({**options.model_dump(mode="json"), "host_key": key})


def kept(before: Options, after: Options) -> Options:
    """The options that were changed, with the key that was kept, if it is the same server."""
    key, server = known_key(before), ssh_server(after)
    return with_key(after, key) if key and server == ssh_server(before) else after


def refused(error: HostKeyRefused) -> HostKeyRefused:
    """The same, with what is to be done about it."""
    return HostKeyRefused(f"{error.message} {_advice(error.shown)}", error.shown)


def _advice(shown: ShownKey) -> str:
    if not shown.expected:
        return (
            "Test the destination, compare this key with whoever runs the server, and say there "
            "that it is right."
        )
    if shown.by_machine:
        return (
            "Ask whoever runs the server. If its key was really changed, an administrator has to "
            "put the new one into the file known_hosts of this machine."
        )
    return (
        "Ask whoever runs the server. If its key was really changed, test the destination and "
        "accept the new one there."
    )
