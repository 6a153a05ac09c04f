"""One row in, grounded metadata out. Knows no database and no job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_exponential_jitter

from batch import reading
from batch.answers import answer_schema
from batch.columns import Columns
from batch.fields import FieldSet
from batch.inputs import Input
from batch.outcome import Outcome as Outcome
from batch.plan import Plan
from batch.prompt import messages, system_text
from batch.reading import Reading
from batch.rest import Rest
from core.errors import AnswerError, CutOffError, EndpointError, ModelError, Refused
from core.model import Answer, Request
from core.statuses import RowStatus
from core.usage import Call, Tokens

NO_TEXT = "The row has no text to read."
#: An answer that is cut off twice is taken to be too long for its limit.
CUT_OFF_ATTEMPTS = 2
#: 1, 2, 4, 8 s and so on: long enough together for an endpoint to be started again.
BACKOFF = wait_exponential_jitter(initial=1, max=20)

#: Asks a model once, wherever there is room, and tells of each call that it took.
Ask = Callable[[Request, Callable[[Call], None]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the rows of one field set share."""

    system: str
    schema: dict[str, Any]
    sparse: dict[str, Any]
    max_tokens: int


class Extraction:
    """What all rows of a job share, prepared once.

    Args:
        columns: Which columns the model reads.
        plan: What to extract.
        attempts: How often a row is tried before it is given up.
        endpoint: The only endpoint to ask; None: any.
        patience: How many times the usual length and time an answer may take.
    """

    def __init__(
        self,
        columns: Columns,
        plan: Plan,
        *,
        attempts: int,
        endpoint: str | None = None,
        patience: float = 1.0,
    ) -> None:
        self.columns = columns
        self.plan = plan
        self.attempts = attempts
        # By identity, since the plan keeps its sets.
        self._shared: dict[int, _Shared] = {}
        self._rest = Rest()
        self._endpoint = endpoint
        self._patience = patience

    async def extract(self, ask: Ask, item: Input) -> Outcome:
        """Extract one row, trying again with backoff what may succeed the next time.

        A row that fails is an outcome, not an exception.

        Raises:
            Refused: No row will be answered until somebody changes something.
        """
        if not item.text:
            return nothing_to_read(item)
        if not item.rest:
            return await self._asked(ask, item)

        async def read_part(part: Input) -> Outcome:
            return await self._asked(ask, part, partly=True)

        return await self._rest.read_on(item, await read_part(item), read_part)

    async def _asked(self, ask: Ask, item: Input, *, partly: bool = False) -> Outcome:
        attempts = _Attempts(ask, self.request(item), self.attempts)
        return await attempts.outcome(
            item, lambda answer: reading.read(answer, item, self.columns.text, partly=partly)
        )

    def request(self, item: Input) -> Request:
        """What a model is asked for this row."""
        shared = self._shared_by(item.fields)
        return Request(
            messages(shared.system, item.text, item.lesson),
            shared.sparse if item.lesson.shown else shared.schema,
            shared.max_tokens,
            prefix=shared.system,
            endpoint=self._endpoint,
            patience=self._patience,
        )

    def _shared_by(self, fields: FieldSet) -> _Shared:
        if id(fields) not in self._shared:
            max_tokens = round((64 + 60 * len(fields)) * self._patience)
            self._shared[id(fields)] = _Shared(
                system_text(fields),
                answer_schema(fields),
                answer_schema(fields, sparse=True),
                max_tokens,
            )
        return self._shared[id(fields)]

    def read(self, answer: Answer, item: Input) -> Reading:
        """What an answer says about a row.

        Raises:
            AnswerError: It is not what was asked for.
        """
        return reading.read(answer, item, self.columns.text)


def nothing_to_read(item: Input) -> Outcome:
    """The outcome of a row without text, of which no model is asked."""
    return Outcome(
        item.row_no,
        RowStatus.FAILED,
        error=NO_TEXT,
        reason=NO_TEXT,
        key=item.key,
        product_type=item.product_type,
        attempts=0,
    )


class _Attempts:
    """The tries at one row: counts what they took, whether they succeed or not."""

    def __init__(self, ask: Ask, request: Request, limit: int) -> None:
        self._ask = ask
        self._request = request
        self._calls: list[Call] = []
        self._count = 0
        self._tokens = Tokens()
        self._total_ms = 0.0
        self._limit = limit
        self._cut_off = 0

    async def outcome(self, item: Input, read: Callable[[Answer], Reading]) -> Outcome:
        async def once() -> Outcome:
            self._count += 1
            try:
                answer = await self._ask(self._request, self._calls.append)
            except CutOffError:
                self._cut_off += 1
                raise
            self._tokens += answer.tokens
            self._total_ms += answer.total_ms
            found = read(answer)
            return self._ended(
                item,
                RowStatus.DONE,
                values=found.values,
                notes=found.notes,
                flags=found.flags,
                model=answer.model,
            )

        try:
            return await self._with_retries(once)
        except Refused:
            raise
        except ModelError as error:
            raw = error.raw if isinstance(error, AnswerError) else ""
            return self._ended(
                item, RowStatus.FAILED, error=error.message, reason=error.reason, raw=raw
            )

    async def _with_retries(self, once: Callable[[], Awaitable[Outcome]]) -> Outcome:
        # Nearly every row needs one try, and the machinery of retries takes as much CPU as
        # reading the answer does: it comes in, told of the first try, only after that failed.
        met: list[ModelError] = []
        try:
            return await once()
        except ModelError as error:
            met.append(error)

        async def again() -> Outcome:
            if met:
                raise met.pop()
            return await once()

        retrying = AsyncRetrying(
            stop=self._enough,
            wait=_wait,
            retry=retry_if_exception(lambda error: getattr(error, "transient", False)),
            reraise=True,
        )
        return await retrying(again)

    def _enough(self, state: RetryCallState) -> bool:
        """Whether it was tried often enough; a long answer that was cut off costs most."""
        return self._cut_off >= CUT_OFF_ATTEMPTS or state.attempt_number >= self._limit

    def _ended(self, item: Input, status: RowStatus, **parts: Any) -> Outcome:
        return Outcome(
            item.row_no,
            status,
            key=item.key,
            product_type=item.product_type,
            attempts=self._count,
            tokens=self._tokens,
            total_ms=self._total_ms,
            calls=tuple(self._calls),
            **parts,
        )


def _wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the endpoint asked for, else backoff with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, EndpointError) and error.retry_after_s is not None:
        return error.retry_after_s
    return BACKOFF(state)
