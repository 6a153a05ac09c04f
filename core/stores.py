"""Which addresses of object stores may be used with the keys of this machine.

Whoever types an address would otherwise reach whatever those keys open.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Schemes that mean the same stores.
_SAME = {"s3a": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs", "adl": "abfs", "ssh": "sftp"}


def is_open(address: str, prefixes: Iterable[str]) -> bool:
    """Whether an address is one of those that the administrator has named, or below it.

    Args:
        address: A file, a folder or a pattern, such as ``s3://bucket/catalogs/*.csv``.
        prefixes: Addresses such as ``s3://bucket`` or ``s3://bucket/catalogs``.
    """
    return not _leads_up(address) and any(is_below(address, one) for one in prefixes)


def is_below(address: str, prefix: str) -> bool:
    """Whether an address is this one or below it, by whatever name its store is called."""
    return f"{_usual(address)}/".startswith(f"{_usual(prefix)}/")


def _usual(address: str) -> str:
    scheme, _, path = address.strip().partition("://")
    scheme = scheme.lower()
    return f"{_SAME.get(scheme, scheme)}://{path.rstrip('/')}"


def _leads_up(address: str) -> bool:
    return not {".", ".."}.isdisjoint(address.partition("://")[2].split("/"))
