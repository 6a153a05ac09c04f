"""What a call to an OpenAI-compatible model says, and what its answer holds.

The same whichever way it is sent: at once by :mod:`core.model_client`, or in
files through :mod:`core.provider`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from core.endpoints import Endpoint, Feature
from core.errors import AnswerError, CutOffError
from core.statuses import Lane
from core.usage import Tokens

THINKING_TOKENS = 2000
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


def parsed(body: bytes) -> Any:
    """The JSON in the body of a response.

    Raises:
        AnswerError: It is none.
    """
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
