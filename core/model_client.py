"""Calls one OpenAI-compatible endpoint over HTTP, in one event loop.

Tries once. Whether to try again is the caller's decision, and the errors
raised here say whether that can help (:attr:`ModelError.transient`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from core.endpoints import Endpoint
from core.errors import EndpointError, TimedOut, Unreachable
from core.model import Answer, Request, lane_options, parsed, read_answer, request_body
from core.refusals import refusal
from core.statuses import Lane

LOOPBACK_URLS = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class ModelClient:
    """Calls one endpoint; made once and used for many calls in one event loop.

    Speaks HTTP through aiohttp alone: over many thousand rows the client's own
    CPU is the limit, and the openai package takes as much again for each call.

    Args:
        endpoint: Where the calls go.
        timeout_s: Longest wait for a whole answer.
    """

    def __init__(self, endpoint: Endpoint, *, timeout_s: float) -> None:
        self.endpoint = endpoint
        self._url = f"{endpoint.base_url.rstrip('/')}/chat/completions"
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def complete(
        self, request: Request, *, lane: Lane = Lane.BATCH, slot: int | None = None
    ) -> Answer:
        """Ask once.

        Args:
            request: What for.
            lane: Who waits for it.
            slot: Which of the endpoint's slots to use, where it lets us choose.

        Raises:
            EndpointError: Refused, failed, timed out or out of reach.
            RateLimited: Asked to come back later.
            AnswerError: An answer that is malformed, empty or cut off.
        """
        started = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=self._timeout_s * request.patience)
        content = await self._send(self._body(request, lane, slot), timeout)
        return read_answer(parsed(content), self.endpoint, (time.perf_counter() - started) * 1000)

    def _body(self, request: Request, lane: Lane, slot: int | None) -> dict[str, Any]:
        return request_body(self.endpoint, request) | lane_options(self.endpoint, lane, slot)

    async def _send(self, body: Mapping[str, Any], timeout: aiohttp.ClientTimeout) -> bytes:
        sent = orjson.dumps(body)
        try:
            async with self._open().post(self._url, data=sent, timeout=timeout) as response:
                content = await response.read()
        except TimeoutError as error:
            raise TimedOut(f"{self.endpoint.name} did not answer in time.") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(
                f"{self.endpoint.name} cannot be reached at {self.endpoint.base_url}."
            ) from error
        except aiohttp.ClientError as error:
            raise EndpointError(f"{self.endpoint.name} broke the connection.") from error
        if response.status >= 400:
            wait = response.headers.get("retry-after")
            raise refusal(self.endpoint, response.status, content, wait)
        return content

    def _open(self) -> aiohttp.ClientSession:
        """The session, made within the loop that uses it."""
        if self._session is None:
            key = self.endpoint.api_key.get_secret_value()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                # A proxy of the environment is for the way out, not for this machine.
                trust_env=not self._url.startswith(LOOPBACK_URLS),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
