"""A product's picture, or a tidy placeholder; both of one size, so that nothing jumps."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit
from zlib import crc32

from core.products import Product
from pages.parts.escape import html

_SHADES = 5


def picture(product: Product, hosts: Collection[str] = ()) -> str:
    """The picture over the product's initial, which shows until it is there, or where it fails.

    Args:
        product: Whose picture it is.
        hosts: Lower-case names of the servers that pictures may come from.
    """
    initial = next((letter for letter in product.title if letter.isalnum()), "·").upper()
    shade = crc32((product.department or "").encode()) % _SHADES
    return (
        f'<div class="sk-thumb sk-shade-{shade}"><span aria-hidden="true">{html(initial)}</span>'
        f"{_image(product.image, hosts)}</div>"
    )


def _image(address: str | None, hosts: Collection[str]) -> str:
    """Nothing is fetched from a server that was not named: it would learn who looks at what."""
    if not address or not _allowed(address, hosts):
        return ""
    return (
        f'<img src="{html(address)}" alt="" loading="lazy" decoding="async" '
        'referrerpolicy="no-referrer" width="160" height="96">'
    )


def _allowed(address: str, hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and parts.hostname in hosts and parts.port in (None, 443)
    except ValueError:
        return False


def web_address(address: str | None) -> str:
    """An address that may be linked to; empty where it is none of the web."""
    try:
        parts = urlsplit((address or "").strip())
    except ValueError:
        return ""
    return parts.geturl() if parts.scheme in ("http", "https") and parts.hostname else ""
