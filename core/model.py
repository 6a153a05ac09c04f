"""One call to an OpenAI-compatible model: a question in, a whole answer out.

Tries once. Whether to try again is the caller's decision, and the errors
raised here say whether that can help (:attr:`ModelError.transient`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiohttp
import orjson

from core.endpoints import Endpoint, Feature
from core.errors import (
    AnswerError,
    CutOffError,
    EndpointError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)
from core.statuses import Lane
from core.usage import Tokens

#: Statuses that no call escapes: the key, the address or the model is wrong.
HOPELESS_STATUSES = frozenset({401, 403, 404})
#: Statuses after which the same call may succeed: time-out, conflict, too early.
TRANSIENT_STATUSES = frozenset({408, 409, 425})
MESSAGE_CHARS = 300
THINKING_TOKENS = 2000
LOOPBACK_URLS = ("http://127.0.0.1", "http://localhost", "http://[::1]")


#: What batch asks of vLLM, where a lower number comes first and a person's call has 0.
BATCH_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked for: a JSON object of a schema.

    Attributes:
        messages: Chat messages, the part that calls share first.
        schema: JSON schema that the answer is constrained to.
        max_tokens: Longest answer.
        prefix: Names the part that calls share, so that they can be sent where it is warm.
        endpoint: The only endpoint to ask; None: any.
        patience: How many times the usual time the answer may take.
    """

    messages: Sequence[Mapping[str, str]]
    schema: Mapping[str, Any]
    max_tokens: int
    prefix: str = ""
    endpoint: str | None = None
    patience: float = 1.0


class Token(NamedTuple):
    """A piece of an answer, and the logarithm of the probability that the model gave it."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: ``text`` as the model wrote it, and what it took.

    Attributes:
        endpoint: Name of the endpoint that gave it.
        model: The model's name there.
        ttft_ms: Time to the first token, where the server tells it.
        written: The tokens it was written with, where the server tells how likely they were.
    """

    text: str
    tokens: Tokens
    total_ms: float
    endpoint: str
    model: str
    ttft_ms: float | None = None
    written: tuple[Token, ...] = ()


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
        return read_answer(_parsed(content), self.endpoint, (time.perf_counter() - started) * 1000)

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


def request_body(endpoint: Endpoint, request: Request) -> dict[str, Any]:
    """What a call says, whichever way it is sent."""
    body: dict[str, Any] = {"model": endpoint.model, "messages": request.messages}
    if Feature.JSON_SCHEMA in endpoint.supports:
        form = {"name": "row", "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    if Feature.LOGPROBS in endpoint.supports:
        # Unless told how many, llama.cpp names twenty others beside each token.
        body |= {"logprobs": True, "top_logprobs": 1}
    if endpoint.is_openai:
        # Its models think within the same limit, and refuse a temperature.
        body["max_completion_tokens"] = request.max_tokens + THINKING_TOKENS
    else:
        body |= {"max_tokens": request.max_tokens, "temperature": 0}
    return body


def refusal(
    endpoint: Endpoint, status: int, content: bytes, retry_after: str | None = None
) -> EndpointError:
    """An error status in our words, which name the endpoint but never the key.

    Args:
        content: The body of the response.
        retry_after: Its header of this name.
    """
    wait_s = retry_after_s(retry_after)
    if status == 429:
        return RateLimited(f"{endpoint.name} is at its rate limit (429).", retry_after_s=wait_s)
    message = f"{endpoint.name} answered with an error ({status}): {_said(content)}"
    if status in HOPELESS_STATUSES:
        return Refused(message, status=status)
    transient = status >= 500 or status in TRANSIENT_STATUSES
    return EndpointError(message, status=status, transient=transient, retry_after_s=wait_s)


def _said(content: bytes) -> str:
    """What an error's body says, in a line."""
    try:
        text = str(orjson.loads(content)["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = content[:MESSAGE_CHARS].decode(errors="replace")
    return " ".join(text.split())[:MESSAGE_CHARS]


def retry_after_s(header: str | None) -> float | None:
    """What a Retry-After header asks for, in seconds; None where it names a date or nothing."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None


def lane_options(endpoint: Endpoint, lane: Lane, slot: int | None) -> dict[str, Any]:
    """What a server is told of the lane, where it can make use of it."""
    options: dict[str, Any] = {}
    if Feature.PRIORITY in endpoint.supports:
        options["priority"] = 0 if lane is Lane.CHAT else BATCH_PRIORITY
    if Feature.SERVICE_TIER in endpoint.supports and lane is Lane.BATCH:
        options["service_tier"] = "flex"
    if endpoint.pins_slots and slot is not None:
        options["id_slot"] = slot
    return options


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed(body) from error


def _malformed(body: bytes) -> AnswerError:
    shown = body[:2000].decode(errors="replace")
    return AnswerError("The endpoint's response was not in the expected form.", raw=shown)


def read_answer(completion: Any, endpoint: Endpoint, total_ms: float = 0.0) -> Answer:
    """The answer in a chat completion, parsed from its JSON.

    Raises:
        AnswerError: It is malformed, empty or cut off.
    """
    try:
        choice = completion["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError) as error:
        raise _malformed(orjson.dumps(completion)) from error
    if not text:
        raise AnswerError("The model gave an empty answer.")
    if choice.get("finish_reason") == "length":
        raise CutOffError("The model's answer was cut off before its end.", raw=text)
    return Answer(
        text=text,
        tokens=read_tokens(completion),
        total_ms=total_ms,
        endpoint=endpoint.name,
        model=endpoint.model,
        ttft_ms=_first_token_ms(completion),
        written=_written(choice),
    )


def _written(choice: Mapping[str, Any]) -> tuple[Token, ...]:
    """The tokens of an answer with their log-probabilities; none where they are not told."""
    told = (choice.get("logprobs") or {}).get("content") or ()
    try:
        return tuple(Token(str(one["token"]), float(one["logprob"])) for one in told)
    except (KeyError, TypeError, ValueError):
        return ()


def _first_token_ms(parsed: Mapping[str, Any]) -> float | None:
    """Time to the first token of an answer that was not streamed; llama.cpp's servers tell it."""
    told = (parsed.get("timings") or {}).get("prompt_ms")
    return float(told) if isinstance(told, int | float) else None


def read_tokens(completion: Mapping[str, Any]) -> Tokens:
    """What a chat completion took, also where its answer cannot be used."""
    usage = completion.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    return Tokens(
        prompt=int(usage.get("prompt_tokens") or 0),
        completion=int(usage.get("completion_tokens") or 0),
        cached=int(details.get("cached_tokens") or 0),
    )
