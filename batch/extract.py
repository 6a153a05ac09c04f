"""One row in, grounded metadata out. Knows no database and no job.

An answer that is not a whole JSON object is an error: nothing here repairs
broken JSON, because a repaired answer looks like a good one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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
from core.errors import AnswerError, CutOffError, ModelError, RateLimited, Refused
from core.model import Answer, Request
from core.schema import RowStatus
from core.usage import Call, Tokens
from core.values import Value

#: An answer that is cut off twice is taken to be too long for its limit.
CUT_OFF_ATTEMPTS = 2
#: 1, 2, 4, 8 s and so on: long enough together for an endpoint to be started again.
BACKOFF = wait_exponential_jitter(initial=1, max=20)

#: Asks a model once, wherever there is room, and tells of each call that it took.
Ask = Callable[[Request, Callable[[Call], None]], Awaitable[Answer]]


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
        calls: Every call made for it, also those that were called back.
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
    calls: tuple[Call, ...] = ()


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

    async def extract(self, ask: Ask, row_no: int, row: Mapping[str, str]) -> Outcome:
        """Extract one row, trying again with backoff what may succeed the next time.

        A row that fails is an outcome, not an exception.

        Raises:
            Refused: No row will be answered until somebody changes something.
        """
        product, cut = row_text(row, self.columns)
        if not product:
            return Outcome(
                row_no, RowStatus.FAILED, error="The row has no text to read.", attempts=0
            )
        request = Request(
            messages(self._system, product), self._schema, self._max_tokens, prefix=self._system
        )
        attempts = _Attempts(ask, request, self.attempts)
        return await attempts.outcome(row_no, lambda answer: self._read(answer, row, cut))

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

    def __init__(self, ask: Ask, request: Request, limit: int) -> None:
        self._ask = ask
        self._request = request
        self._calls: list[Call] = []
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
            answer = await self._ask(self._request, self._calls.append)
            self._tokens += answer.tokens
            self._total_ms += answer.total_ms
            values, notes = read(answer)
            return self._ended(row_no, RowStatus.DONE, values=values, notes=notes)

        try:
            return await self._retrying(once)
        except Refused:
            raise
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
            calls=tuple(self._calls),
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
