"""Tells whether a page of ours sent a request: other sites' pages bring our cookies along, too."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request


def from_our_page(request: Request) -> bool:
    """Whether a page of ours sent it.

    ``Sec-Fetch-Site`` is set by the browser alone and survives any proxy; browsers
    leave it out without https, and then the page's origin has to be where we are.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host")
