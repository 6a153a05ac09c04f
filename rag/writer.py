"""The model's side of an answer: an endpoint asked through LangChain, its failures put in words.

Knows nothing of searching or of what happens to the words. Everything raised
here is a :class:`ModelError` with a message for the shopper.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import httpx2
import openai
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from core.chat_lane import ChatLane, Entry
from core.endpoints import Endpoint
from core.errors import (
    AnswerError,
    EndpointError,
    LimitReached,
    ModelError,
    NoEndpoint,
    ServiceError,
    SettingError,
)
from core.model import (
    THINKING_TOKENS,
    lane_options,
)
from core.ports import LOOPBACK
from core.roster import configured
from core.statuses import Lane
from core.usage import OK, STOPPED, Call, Tokens, outcome_of
from rag.apologies import CLOSED, KEPT, readable, starting
from rag.deadlines import watch
from rag.exchange import Passage, Turn
from rag.prompts import EXAMPLE_BRAND, assemble, to_be_said

logger = logging.getLogger(__name__)

ANSWER_TOKENS = 220
CONNECT_TIMEOUT_S = 5.0
#: How often one who waits comes back, to be seen and stopped.
WAIT_S = 0.1
#: A person waits: longer silence than this is taken for a failure; where another endpoint could
#: answer, sooner.
SILENCE_S, SILENCE_WITH_OTHERS_S = 60.0, 12.0
#: Words kept from the embedded model: it says yes and no by chance, and repeats the fact, mostly
#: rightly, without them; and it must not sell the goods of the examples in its prompt.
FORBIDDEN = [[word, -100] for word in ("Yes", "No", EXAMPLE_BRAND, f" {EXAMPLE_BRAND}")]
#: Failures of a stream that neither LangChain nor the client put into words of their own.
BROKEN = (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Brief:
    """What an answer is to be written from.

    Attributes:
        language: To be written in, by its English name; empty: that of the prompt.
        sentences: Where the answer is known and only has to be said in the language.
        limits: What the prices of all products among the passages keep to.
    """

    question: str
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = ()
    language: str = ""
    sentences: str = ""
    limits: tuple[str, ...] = ()

    def messages(self) -> list[BaseMessage]:
        """The prompt."""
        if self.sentences:
            return to_be_said(self.sentences, self.language)
        return assemble(
            self.question, self.passages, self.history, self.language, limits=self.limits
        )


class Writer:
    """Streams answers from whichever endpoint is best; safe to share between threads."""

    def __init__(self, lane: ChatLane) -> None:
        self.lane = lane
        self._lock = threading.Lock()
        self._models: dict[Endpoint, ChatOpenAI] = {}
        self._clients: list[openai.DefaultHttpxClient] = []

    def endpoints(self) -> list[Endpoint]:
        """The endpoints that people's questions may go to.

        Raises:
            EndpointError: The embedded model was not started yet.
        """
        try:
            found = self.lane.pool.roster.endpoints()
        except ServiceError as error:
            raise EndpointError(starting()) from error
        return [one for one in found if Lane.CHAT in one.lanes]

    def models(self) -> str:
        """Names the models that may answer, whether they can be reached or not."""
        try:
            found: Sequence[Endpoint] = configured(self.lane.pool.settings)
        except SettingError:
            return ""
        return " ".join(sorted({one.model for one in found if Lane.CHAT in one.lanes}))

    def warm(self) -> None:
        """Build the clients, which takes longer than a search."""
        for one in self.endpoints():
            self.model(one)

    def begin(self, brief: Brief) -> Writing:
        """An answer about to be written."""
        return Writing(self, brief)

    def model(self, target: Endpoint) -> ChatOpenAI:
        """LangChain's client for an endpoint."""
        with self._lock:
            if target not in self._models:
                # A proxy named in the environment must not get what stays on this machine.
                client = openai.DefaultHttpxClient(
                    trust_env=LOOPBACK not in target.base_url,
                    event_hooks={"response": [watch]},
                )
                self._clients.append(client)
                self._models[target] = _build(target, client)
            return self._models[target]

    def close(self) -> None:
        """Close the connections; the next answer opens new ones."""
        with self._lock:
            clients, self._clients, self._models = self._clients, [], {}
        for client in clients:
            client.close()


class Writing:
    """One answer being written.

    Attributes:
        calls: What each call for it took; more than one where an endpoint failed.
        first_at: When its first word came, by ``perf_counter``.
        pieces: How many pieces it has so far.
        tokens: As the server counted them; of a stopped answer, its pieces.
        cut_off: Whether it reached its longest length.
        before: How many waited for a model before it when it was last seen.
    """

    def __init__(self, writer: Writer, brief: Brief) -> None:
        self.calls: list[Call] = []
        self.first_at: float | None = None
        self.pieces = 0
        self.tokens = Tokens()
        self.cut_off = False
        self.before = 0
        self._writer = writer
        self._brief = brief
        self._tried: set[str] = set()

    def stream(self) -> Generator[str, None, None]:
        """The answer's pieces as they come; empty ones while it waits for its turn.

        Closing the generator closes the connection. An endpoint that fails
        before its first word is replaced by the next.

        Raises:
            ModelError: No answer, or not a whole one.
        """
        try:
            with self._writer.lane.spot() as spot:
                while not spot.wait(WAIT_S):
                    self.before = spot.before
                    yield ""
                yield from self._written()
        except LimitReached as error:
            raise EndpointError(f"{error.message} {KEPT}") from error

    def _written(self) -> Generator[str, None, None]:
        failure: ModelError | None = None
        while True:
            others = len(self._writer.endpoints()) - len(self._tried) - 1
            try:
                with self._writer.lane.entry(self._tried) as entry:
                    self._tried.add(entry.endpoint.name)
                    while not entry.look():
                        self.before = entry.before
                        yield ""
                        time.sleep(entry.pause_s)
                    self.before = 0
                    yield from self._asked(entry, patient=others < 1)
                    return
            except NoEndpoint as error:
                raise failure or NoEndpoint(CLOSED) from error
            except ModelError as error:
                if self.pieces or others < 1:
                    raise
                logger.warning("asking another endpoint: %s", outcome_of(error))
                failure = error

    def _asked(self, entry: Entry, *, patient: bool) -> Generator[str, None, None]:
        """One endpoint's answer, with the record of the call."""
        started, outcome = time.perf_counter(), STOPPED
        try:
            yield from self._read(entry, patient=patient)
            if not self.pieces:
                raise AnswerError(f"The model gave no answer. {KEPT} Please ask again.")
            outcome = OK
        except ModelError as error:
            outcome = outcome_of(error)
            self._writer.lane.pool.met(entry.endpoint, error)
            raise
        finally:
            self._record(entry, outcome, started)

    def _read(self, entry: Entry, *, patient: bool) -> Generator[str, None, None]:
        model = self._writer.model(entry.endpoint)
        silence_s = SILENCE_S if patient else SILENCE_WITH_OTHERS_S
        most_s = min(silence_s, self._writer.lane.pool.settings.call_timeout_s)
        bound = model.bind(
            timeout=openai.Timeout(most_s, connect=min(most_s, CONNECT_TIMEOUT_S)),
            extra_body=_body(entry) or None,
        )
        chain = RunnableLambda(Brief.messages) | bound
        chunks = cast("Generator[AIMessageChunk, None, None]", chain.stream(self._brief))
        try:
            with closing(chunks):
                for chunk in chunks:
                    yield self._take(chunk)
        except openai.OpenAIError as error:
            raise readable(error) from error
        except BROKEN as error:
            raise AnswerError(f"The answer broke off in the middle. {KEPT}") from error

    def _take(self, chunk: AIMessageChunk) -> str:
        text = chunk.text
        if text:
            self.pieces += 1
            self.first_at = self.first_at or time.perf_counter()
        if chunk.usage_metadata:
            details = chunk.usage_metadata.get("input_token_details") or {}
            self.tokens = Tokens(
                prompt=chunk.usage_metadata["input_tokens"],
                completion=chunk.usage_metadata["output_tokens"],
                cached=details.get("cache_read") or 0,
            )
        elif not self.tokens.prompt:
            self.tokens = Tokens(completion=self.pieces)
        self.cut_off = self.cut_off or chunk.response_metadata.get("finish_reason") == "length"
        return text

    def _record(self, entry: Entry, outcome: str, started: float) -> None:
        ttft_ms = (self.first_at - started) * 1000 if self.first_at else None
        entry.tokens = self.tokens.prompt + self.tokens.completion
        entry.first_token_ms = ttft_ms
        self.calls.append(
            entry.endpoint.call(
                Lane.CHAT,
                self.tokens,
                outcome,
                queue_ms=entry.queue_ms,
                ttft_ms=ttft_ms,
                total_ms=(time.perf_counter() - started) * 1000,
            )
        )


def _build(target: Endpoint, client: openai.DefaultHttpxClient) -> ChatOpenAI:
    options: dict[str, Any] = {}
    if target.is_openai:
        options["max_completion_tokens"] = THINKING_TOKENS
    else:
        options["temperature"] = 0
    return ChatOpenAI(
        model=target.model,
        base_url=target.base_url,
        api_key=target.api_key,
        max_retries=0,
        stream_usage=True,
        http_client=client,
        **options,
    )


def _body(entry: Entry) -> dict[str, Any]:
    """What this call says beyond LangChain's own words."""
    target = entry.endpoint
    body = lane_options(target, Lane.CHAT, entry.slot)
    if not target.is_openai:
        # By its older name, which every compatible server knows.
        body["max_tokens"] = ANSWER_TOKENS
    if target.pins_slots:
        body["logit_bias"] = FORBIDDEN
    return body
