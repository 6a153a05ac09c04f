"""Headers that tell a browser what it need not allow: a second wall behind the escaping of texts.

Streamlit draws with inline styles and loads our components from memory, so
those are allowed; scripts of other servers, frames of other sites, plugins and
the like are not.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import Settings
from pages.parts.entry import open_settings

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Headers:
    """Middleware around everything that the web server answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to an answer that does not have them."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = headers(open_settings())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    given.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def headers(settings: Settings) -> dict[str, str]:
    """The headers of every answer."""
    return _headers(settings.picture_hosts, (settings.url or "").startswith("https://"))


@lru_cache(maxsize=8)
def _headers(picture_hosts: frozenset[str], encrypted: bool) -> dict[str, str]:
    found = {
        "Content-Security-Policy": _policy(picture_hosts),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if encrypted:
        # Only where people reach us by https: whoever tries it on their machine must not be
        # kept from http there for a year.
        found["Strict-Transport-Security"] = "max-age=31536000"
    return found


def _policy(picture_hosts: Iterable[str]) -> str:
    pictures = (f"https://{host}" for host in sorted(picture_hosts))
    rules = {
        "default-src": ("'self'",),
        # Components come from memory (blob); charts and tables compile what they draw.
        "script-src": ("'self'", *_own_scripts(), "blob:", "'unsafe-eval'", "'wasm-unsafe-eval'"),
        "style-src": ("'self'", "'unsafe-inline'"),
        "img-src": ("'self'", "data:", "blob:", *pictures),
        "font-src": ("'self'", "data:"),
        "connect-src": ("'self'", "blob:", "data:"),
        "worker-src": ("'self'", "blob:"),
        "frame-src": ("'self'",),
        "frame-ancestors": ("'self'",),
        "object-src": ("'none'",),
        "base-uri": ("'self'",),
        "form-action": ("'self'",),
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


@lru_cache(maxsize=1)
def _own_scripts() -> tuple[str, ...]:
    """The scripts that stand in Streamlit's own page, by their hashes."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(one.encode()).digest() for one in _INLINE_SCRIPT.findall(page))
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
