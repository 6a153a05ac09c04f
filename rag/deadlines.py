"""Ends the reading of a server's answer at a moment, whatever still comes of it.

A read's own time-out only minds silence: a server that has stalled, but sends signs of
life, would be read for ever.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def reading_until(moment: float) -> Iterator[None]:
    """Give up answers that are asked for within and not whole at a moment, by ``perf_counter``."""
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


def watch(response: httpx2.Response) -> None:
    """Have an answer's reading end in time; a hook for a client."""
    until = _until.get()
    if until is not None and isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Watched(response.stream, until)


class _Watched(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            if time.perf_counter() > self._until:
                raise httpx2.ReadTimeout("The answer was not whole in time.")
            yield part

    def close(self) -> None:
        self._stream.close()
