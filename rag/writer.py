"""The model's side of an answer: an endpoint asked through LangChain, its failures put in words.

Knows nothing of searching or of what happens to the words. Everything raised
here is a :class:`ModelError` with a message for the shopper.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import httpx2
import openai
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_openai import ChatOpenAI

from core.endpoints import Endpoint, endpoint
from core.errors import AnswerError, EndpointError, ModelError, RateLimited, ServiceError
from core.ports import LOOPBACK
from core.settings import Settings
from rag.exchange import Passage, Turn
from rag.prompts import EXAMPLE_BRAND, assemble

logger = logging.getLogger(__name__)

ANSWER_TOKENS = 220
#: OpenAI's own models think before they write, within the same limit.
THINKING_TOKENS = 2000
CONNECT_TIMEOUT_S = 5.0
#: A person waits: longer silence than this is taken for a failure.
SILENCE_S = 60.0
#: Words kept from the embedded model: it says yes and no by chance, and repeats the fact, mostly
#: rightly, without them; and it must not sell the goods of the examples in its prompt.
FORBIDDEN = [[word, -100] for word in ("Yes", "No", EXAMPLE_BRAND, f" {EXAMPLE_BRAND}")]
KEPT = "What was found in the shop is shown."
#: Failures of a stream that neither LangChain nor the client put into words of their own.
BROKEN = (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Brief:
    """What an answer is to be written from."""

    question: str
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = ()

    def messages(self) -> list[BaseMessage]:
        """The prompt."""
        return assemble(self.question, self.passages, self.history)


Chain = Runnable[Brief, AIMessageChunk]


class Writer:
    """Streams answers from the endpoint of the settings; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._under_way = 0
        self._chains: dict[tuple[Endpoint, bool], Chain] = {}
        self._clients: list[openai.DefaultHttpxClient] = []

    def endpoint(self) -> Endpoint:
        """The endpoint that the next answer comes from.

        Raises:
            EndpointError: The embedded model was not started yet.
        """
        try:
            return endpoint(self._settings)
        except ServiceError as error:
            raise EndpointError(_starting()) from error

    def warm(self) -> None:
        """Build the client, which takes longer than a search."""
        self._chain(self.endpoint(), pinned=True)

    def stream(self, brief: Brief) -> Generator[AIMessageChunk, None, None]:
        """The answer's pieces as they come; closing the generator closes the connection.

        Raises:
            ModelError: No answer, or not a whole one.
        """
        with self._lock:
            alone, self._under_way = self._under_way == 0, self._under_way + 1
        try:
            # One shopper at a time gets the slot that batch leaves free, where the prompt's
            # beginning is still computed; the server finds a slot for any others.
            chain = self._chain(self.endpoint(), pinned=alone)
            with closing(
                cast("Generator[AIMessageChunk, None, None]", chain.stream(brief))
            ) as pieces:
                yield from pieces
        except openai.OpenAIError as error:
            raise readable(error) from error
        except BROKEN as error:
            raise AnswerError(f"The answer broke off in the middle. {KEPT}") from error
        finally:
            with self._lock:
                self._under_way -= 1

    def close(self) -> None:
        """Close the connections; the next answer opens new ones."""
        with self._lock:
            clients, self._clients, self._chains = self._clients, [], {}
        for client in clients:
            client.close()

    def _chain(self, target: Endpoint, *, pinned: bool) -> Chain:
        key = (target, pinned)
        with self._lock:
            if key not in self._chains:
                # A proxy named in the environment must not get what stays on this machine.
                client = openai.DefaultHttpxClient(trust_env=LOOPBACK not in target.base_url)
                self._clients.append(client)
                self._chains[key] = _build(
                    target, client, pinned=pinned, timeout_s=self._settings.call_timeout_s
                )
            return self._chains[key]


def _build(
    target: Endpoint, client: openai.DefaultHttpxClient, *, pinned: bool, timeout_s: float
) -> Chain:
    body: dict[str, Any] = {}
    options: dict[str, Any] = {}
    if target.name == "openai":
        options["max_completion_tokens"] = THINKING_TOKENS
    else:
        # By its older name, which every compatible server knows.
        body["max_tokens"] = ANSWER_TOKENS
        options["temperature"] = 0
    if target.pins_slots:
        body["logit_bias"] = FORBIDDEN
        if pinned:
            body["id_slot"] = target.slots - 1
    model = ChatOpenAI(
        model=target.model,
        base_url=target.base_url,
        api_key=target.api_key,
        timeout=openai.Timeout(min(SILENCE_S, timeout_s), connect=CONNECT_TIMEOUT_S),
        max_retries=0,
        stream_usage=True,
        http_client=client,
        extra_body=body or None,
        **options,
    )
    return cast(Chain, RunnableLambda(Brief.messages) | model)


def readable(error: openai.OpenAIError) -> ModelError:
    """The same failure in a shopper's words."""
    if isinstance(error, openai.RateLimitError):
        return RateLimited(
            f"Too many questions at once: the answer could not be written. {KEPT} "
            "Please try again in a minute.",
            retry_after_s=_seconds(error.response.headers.get("retry-after")),
        )
    if isinstance(error, openai.APIStatusError):
        return _status_error(error)
    if isinstance(error, openai.APITimeoutError):
        return EndpointError(f"The answer took too long and was given up. {KEPT} Please ask again.")
    if isinstance(error, openai.APIConnectionError):
        return EndpointError(_starting())
    return AnswerError(f"The answer could not be read. {KEPT} Please ask again.")


def _status_error(error: openai.APIStatusError) -> EndpointError:
    status = error.status_code
    if status in (401, 403, 404):
        reason = "the model is not set up correctly; the shop has to be told"
    else:
        reason = "please try again"
    return EndpointError(
        f"The answer could not be written just now ({status}). {KEPT} {reason.capitalize()}.",
        status=status,
        transient=status >= 500 or status in (408, 409, 425),
    )


def _starting() -> str:
    return (
        f"The answer could not be written just now: the model is starting. {KEPT} "
        "Please try again in a moment."
    )


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
