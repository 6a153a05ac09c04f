"""One row in, grounded metadata out. Knows no database and no job.

An answer that is not a whole JSON object is an error: nothing here repairs
broken JSON, because a repaired answer looks like a good one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_exponential_jitter

from batch.answers import answer_schema, coerce
from batch.columns import Columns
from batch.fields import FieldSet
from batch.grounding import ground
from batch.prompt import ROW_CHARACTERS, messages, row_text, system_text
from core.endpoints import endpoint
from core.errors import AnswerError, CutOffError, EndpointError, ModelError, RateLimited
from core.model import Answer, ModelClient
from core.schema import RowStatus
from core.settings import Settings
from core.usage import Tokens
from core.values import Value

#: Statuses that no row of the job would escape: the key or the address is wrong.
HOPELESS_STATUSES = frozenset({401, 403, 404})
#: An answer that is cut off twice is taken to be too long for its limit.
CUT_OFF_ATTEMPTS = 2
#: 1, 2, 4, 8 s and so on: long enough together for an endpoint to be started again.
BACKOFF = wait_exponential_jitter(initial=1, max=20)

#: Gives the number of a free slot, for as long as the context lasts.
Slots = Callable[[], AbstractAsyncContextManager[int | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the extraction of one row ended.

    Attributes:
        notes: What was noticed and corrected, in words.
        error: Why it failed; empty for a row that is done.
        raw: The model's answer where it could not be used.
        attempts: Calls it took.
        tokens: Of all attempts together.
        total_ms: Time in calls, all attempts together.
    """

    row_no: int
    status: RowStatus
    values: dict[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""
    raw: str = ""
    attempts: int = 1
    tokens: Tokens = field(default_factory=Tokens)
    total_ms: float = 0.0


class Extraction:
    """What all rows of a job share, prepared once.

    Args:
        columns: Which columns the model reads.
        fields: What to extract.
        attempts: How often a row is tried before it is given up.
    """

    def __init__(self, columns: Columns, fields: FieldSet, *, attempts: int) -> None:
        self.columns = columns
        self.fields = fields
        self.attempts = attempts
        self._system = system_text(fields)
        self._schema: dict[str, Any] = answer_schema(fields)
        self._max_tokens = 64 + 60 * len(fields)

    async def extract(
        self, client: ModelClient, slots: Slots, row_no: int, row: Mapping[str, str]
    ) -> Outcome:
        """Extract one row, trying again with backoff what may succeed the next time.

        A row that fails is an outcome, not an exception.

        Raises:
            EndpointError: The endpoint refuses every row (:data:`HOPELESS_STATUSES`).
        """
        product, cut = row_text(row, self.columns)
        if not product:
            return Outcome(
                row_no, RowStatus.FAILED, error="The row has no text to read.", attempts=0
            )
        attempts = _Attempts(self._asker(client, slots, product), self.attempts)
        return await attempts.outcome(row_no, lambda answer: self._read(answer, row, cut))

    def _asker(
        self, client: ModelClient, slots: Slots, product: str
    ) -> Callable[[], Awaitable[Answer]]:
        async def ask() -> Answer:
            async with slots() as slot:
                return await client.complete(
                    messages(self._system, product),
                    schema=self._schema,
                    max_tokens=self._max_tokens,
                    slot=slot,
                )

        return ask

    def _read(
        self, answer: Answer, row: Mapping[str, str], cut: bool
    ) -> tuple[dict[str, Value], tuple[str, ...]]:
        """Typed, grounded values and notes from an answer."""
        try:
            parsed = orjson.loads(answer.text)
        except orjson.JSONDecodeError as error:
            raise AnswerError("The model's answer was not valid JSON.", raw=answer.text) from error
        if not isinstance(parsed, dict):
            raise AnswerError("The model's answer was not a JSON object.", raw=answer.text)
        typed, problems = coerce(self.fields, parsed)
        missing = [item.name for item in self.fields if item.required and item.name not in typed]
        if missing:
            raise AnswerError(f"No value for the required {', '.join(missing)}.", raw=answer.text)
        values = {name: ground(value, row, self.columns.text) for name, value in typed.items()}
        if cut:
            problems = [*problems, f"Only the first {ROW_CHARACTERS:,} characters were read."]
        return values, tuple(problems)


class _Attempts:
    """The tries at one row: counts what they took, whether they succeed or not."""

    def __init__(self, ask: Callable[[], Awaitable[Answer]], limit: int) -> None:
        self._ask = ask
        self._count = 0
        self._tokens = Tokens()
        self._total_ms = 0.0
        self._retrying = AsyncRetrying(
            stop=_stop_after(limit),
            wait=_wait,
            retry=retry_if_exception(lambda error: getattr(error, "transient", False)),
            reraise=True,
        )

    async def outcome(
        self, row_no: int, read: Callable[[Answer], tuple[dict[str, Value], tuple[str, ...]]]
    ) -> Outcome:
        async def once() -> Outcome:
            self._count += 1
            answer = await self._ask()
            self._tokens += answer.tokens
            self._total_ms += answer.total_ms
            values, notes = read(answer)
            return self._ended(row_no, RowStatus.DONE, values=values, notes=notes)

        try:
            return await self._retrying(once)
        except EndpointError as error:
            if error.status in HOPELESS_STATUSES:
                raise
            return self._ended(row_no, RowStatus.FAILED, error=error.message)
        except ModelError as error:
            raw = error.raw if isinstance(error, AnswerError) else ""
            return self._ended(row_no, RowStatus.FAILED, error=error.message, raw=raw)

    def _ended(self, row_no: int, status: RowStatus, **parts: Any) -> Outcome:
        return Outcome(
            row_no,
            status,
            attempts=self._count,
            tokens=self._tokens,
            total_ms=self._total_ms,
            **parts,
        )


def _stop_after(limit: int) -> Callable[[RetryCallState], bool]:
    """Whether a row has been tried often enough; a long answer that was cut off costs most."""

    def stop(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        most = min(limit, CUT_OFF_ATTEMPTS) if isinstance(error, CutOffError) else limit
        return state.attempt_number >= most

    return stop


def _wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the endpoint asked for, else backoff with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        return error.retry_after_s
    return BACKOFF(state)


def try_rows(
    settings: Settings,
    columns: Columns,
    fields: FieldSet,
    rows: Sequence[tuple[int, Mapping[str, str]]],
) -> Generator[Outcome, None, None]:
    """Extract a few rows while a person waits, each given back as soon as it is ready.

    Raises:
        ModelError: The endpoint refuses every row.
        ServiceError: The embedded model has not been started.
    """
    extraction = Extraction(columns, fields, attempts=min(2, settings.row_attempts))
    with asyncio.Runner() as runner:
        client = runner.run(_open(settings))
        limit = asyncio.Semaphore(client.endpoint.batch_slots)
        loop = runner.get_loop()
        pending = {
            loop.create_task(extraction.extract(client, lambda: _any_slot(limit), number, row))
            for number, row in rows
        }
        try:
            while pending:
                ready, pending = runner.run(_first(pending))
                yield from (task.result() for task in ready)
        finally:
            for task in pending:
                task.cancel()
            runner.run(client.close())


async def _open(settings: Settings) -> ModelClient:
    return ModelClient(endpoint(settings), timeout_s=settings.call_timeout_s)


async def _first(
    tasks: set[asyncio.Task[Outcome]],
) -> tuple[set[asyncio.Task[Outcome]], set[asyncio.Task[Outcome]]]:
    return await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


@asynccontextmanager
async def _any_slot(limit: asyncio.Semaphore) -> AsyncIterator[None]:
    """Leaves the choice of the slot to the server."""
    async with limit:
        yield None
