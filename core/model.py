"""One call to an OpenAI-compatible model: a question in, a whole answer out.

Tries once. Whether to try again is the caller's decision, and the errors
raised here say whether that can help (:attr:`ModelError.transient`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from core.endpoints import Endpoint
from core.errors import AnswerError, CutOffError, EndpointError, RateLimited
from core.usage import Tokens

#: Statuses after which the same call may succeed: time-out, conflict, too early.
TRANSIENT_STATUSES = frozenset({408, 409, 425})
MESSAGE_CHARS = 300
THINKING_TOKENS = 2000
LOOPBACK_URLS = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: ``text`` as the model wrote it, and what it took."""

    text: str
    tokens: Tokens
    total_ms: float


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
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        schema: Mapping[str, Any],
        max_tokens: int,
        slot: int | None = None,
    ) -> Answer:
        """Ask for a JSON object of a schema.

        Args:
            messages: Chat messages, the part that calls share first.
            schema: JSON schema that the answer is constrained to.
            max_tokens: Longest answer.
            slot: Which of the endpoint's slots to use, where it lets us choose.

        Raises:
            EndpointError: Refused, failed, timed out or out of reach.
            RateLimited: Asked to come back later.
            AnswerError: An answer that is malformed, empty or cut off.
        """
        started = time.perf_counter()
        body = await self._send(messages, schema, max_tokens, slot)
        return _read(body, (time.perf_counter() - started) * 1000)

    async def _send(
        self,
        messages: Sequence[Mapping[str, str]],
        schema: Mapping[str, Any],
        max_tokens: int,
        slot: int | None,
    ) -> bytes:
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": messages,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "row", "schema": schema},
            },
        }
        if self.endpoint.name == "openai":
            # Its models think within the same limit, and refuse a temperature.
            body["max_completion_tokens"] = max_tokens + THINKING_TOKENS
        else:
            body |= {"max_tokens": max_tokens, "temperature": 0}
        if self.endpoint.pins_slots and slot is not None:
            body["id_slot"] = slot
        try:
            async with self._open().post(self._url, data=orjson.dumps(body)) as response:
                content = await response.read()
        except TimeoutError as error:
            raise EndpointError(f"{self.endpoint.name} did not answer in time.") from error
        except aiohttp.ClientConnectorError as error:
            raise EndpointError(
                f"{self.endpoint.name} cannot be reached at {self.endpoint.base_url}."
            ) from error
        except aiohttp.ClientError as error:
            raise EndpointError(f"{self.endpoint.name} broke the connection.") from error
        if response.status >= 400:
            raise _refusal(response, content, self.endpoint)
        return content

    def _open(self) -> aiohttp.ClientSession:
        """The session, made within the loop that uses it."""
        if self._session is None:
            key = self.endpoint.api_key.get_secret_value()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=self._timeout,
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
                # A proxy of the environment is for the way out, not for this machine.
                trust_env=not self._url.startswith(LOOPBACK_URLS),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _refusal(response: aiohttp.ClientResponse, content: bytes, endpoint: Endpoint) -> EndpointError:
    """An error status in our words, which name the endpoint but never the key."""
    if response.status == 429:
        return RateLimited(
            f"{endpoint.name} is at its rate limit (429).",
            retry_after_s=_seconds(response.headers.get("retry-after")),
        )
    transient = response.status >= 500 or response.status in TRANSIENT_STATUSES
    return EndpointError(
        f"{endpoint.name} answered with an error ({response.status}): {_said(content)}",
        status=response.status,
        transient=transient,
    )


def _said(content: bytes) -> str:
    """What an error's body says, in a line."""
    try:
        text = str(orjson.loads(content)["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = content[:MESSAGE_CHARS].decode(errors="replace")
    return " ".join(text.split())[:MESSAGE_CHARS]


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def _read(body: bytes, total_ms: float) -> Answer:
    try:
        parsed = orjson.loads(body)
        choice = parsed["choices"][0]
        text = choice["message"]["content"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError) as error:
        shown = body[:2000].decode(errors="replace")
        raise AnswerError(
            "The endpoint's response was not in the expected form.", raw=shown
        ) from error
    if not text:
        raise AnswerError("The model gave an empty answer.")
    if choice.get("finish_reason") == "length":
        raise CutOffError("The model's answer was cut off before its end.", raw=text)
    return Answer(text=text, tokens=_tokens(parsed.get("usage") or {}), total_ms=total_ms)


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    details = usage.get("prompt_tokens_details") or {}
    return Tokens(
        prompt=int(usage.get("prompt_tokens") or 0),
        completion=int(usage.get("completion_tokens") or 0),
        cached=int(details.get("cached_tokens") or 0),
    )
