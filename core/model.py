"""One call to an OpenAI-compatible model: a question in, a whole answer out.

Tries once. Whether to try again is the caller's decision, and the errors
raised here say whether that can help (:attr:`ModelError.transient`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
import orjson
from openai import AsyncOpenAI, DefaultAioHttpClient

from core.endpoints import Endpoint
from core.errors import AnswerError, CutOffError, EndpointError, RateLimited
from core.usage import Tokens

#: Statuses after which the same call may succeed: time-out, conflict, too early.
TRANSIENT_STATUSES = frozenset({408, 409, 425})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: ``text`` as the model wrote it, and what it took."""

    text: str
    tokens: Tokens
    total_ms: float


class ModelClient:
    """Calls one endpoint; made once and used for many calls in one event loop.

    Args:
        endpoint: Where the calls go.
        timeout_s: Longest wait for a whole answer.
    """

    def __init__(self, endpoint: Endpoint, *, timeout_s: float) -> None:
        self.endpoint = endpoint
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key.get_secret_value(),
            timeout=timeout_s,
            max_retries=0,
            http_client=DefaultAioHttpClient(timeout=timeout_s),
        )

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
            "max_tokens": max_tokens,
            "temperature": 0,
        }
        if self.endpoint.pins_slots and slot is not None:
            body["id_slot"] = slot
        try:
            # The client's own post(): the same connection, errors and headers as its typed
            # methods, without building and checking their types for every row.
            response = await self._client.post(
                "/chat/completions", body=body, cast_to=httpx2.Response
            )
        except openai.OpenAIError as error:
            raise _endpoint_error(error, self.endpoint) from error
        return response.content

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _endpoint_error(error: openai.OpenAIError, endpoint: Endpoint) -> EndpointError:
    """The same failure in our words, which name the endpoint but never the key."""
    if isinstance(error, openai.RateLimitError):
        return RateLimited(
            f"{endpoint.name} is at its rate limit (429).",
            retry_after_s=_seconds(error.response.headers.get("retry-after")),
        )
    if isinstance(error, openai.APIStatusError):
        transient = error.status_code >= 500 or error.status_code in TRANSIENT_STATUSES
        return EndpointError(
            f"{endpoint.name} answered with an error ({error.status_code}): {error.message}",
            status=error.status_code,
            transient=transient,
        )
    refused = isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.ConnectError)
    if isinstance(error, openai.APITimeoutError) and not refused:
        return EndpointError(f"{endpoint.name} did not answer in time.")
    return EndpointError(f"{endpoint.name} cannot be reached at {endpoint.base_url}.")


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
