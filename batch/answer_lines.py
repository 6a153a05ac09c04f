"""A provider's answers: lines in files, in any order, read as the answers of single calls are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import orjson

from batch.extract import CUT_OFF_ATTEMPTS, Extraction, Outcome
from batch.inputs import Input
from batch.request_lines import row_of
from core.endpoints import Endpoint
from core.errors import AnswerError, CutOffError, EndpointError, ModelError
from core.model import read_answer, read_tokens
from core.refusals import refusal
from core.statuses import Lane, RowStatus
from core.usage import OK, Tokens, outcome_of

NO_ANSWER = "The provider gave no answer for this row."
TOO_LATE = "The provider did not come to this row within 24 hours."
#: What the provider says of rows whose batch ended before it came to them.
_EXPIRED, _CANCELLED = "batch_expired", "batch_cancelled"
#: How a batch ends that was not given up.
_ENDINGS = {"completed": NO_ANSWER, "expired": TOO_LATE}


class AnswerLines:
    """The lines of a batch's files, kept in a file of ours and found by row.

    Answers come in any order, and a row's text is needed to read its answer:
    so they are sorted by row before they are read.

    Args:
        job_id: The batch's job.
        file: Where they are kept.
    """

    def __init__(self, job_id: str, file: IO[bytes]) -> None:
        self._job_id = job_id
        self._file = file
        self._places: dict[int, tuple[int, int]] = {}
        #: Rows that were worked on, whatever came of it.
        self.answered = 0
        #: Lines that belong to no row of the batch.
        self.strange = 0

    def take(self, blocks: Iterable[bytes], wanted: Collection[int]) -> None:
        """Keep the lines of one more file; the first line of a row counts."""
        at = self._file.seek(0, 2)
        for line in _lines(blocks):
            row_no, answered = self._look(line)
            if row_no not in wanted:
                self.strange += 1
            elif row_no not in self._places:
                self._file.write(line)
                self._places[row_no] = (at, len(line))
                self.answered += answered
                at += len(line)

    def _look(self, line: bytes) -> tuple[int, bool]:
        """The row of a line, and whether it was worked on; 0 for a line that cannot be read."""
        try:
            parsed = orjson.loads(line)
            row_no = row_of(self._job_id, parsed["custom_id"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return 0, False
        return row_no or 0, isinstance(parsed.get("response"), dict)

    def line(self, row_no: int) -> dict[str, Any] | None:
        """What the provider says of a row; None when it says nothing."""
        if row_no not in self._places:
            return None
        at, size = self._places[row_no]
        self._file.seek(at)
        found: dict[str, Any] = orjson.loads(self._file.read(size))
        return found


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from filter(None, whole)
    if rest.strip():
        yield rest


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads what came of each row of one batch.

    Attributes:
        endpoint: Where it was, at the prices of its batches.
        ending: How the batch ended, in the provider's word.
    """

    extraction: Extraction
    endpoint: Endpoint
    ending: str

    def outcome(self, item: Input, line: dict[str, Any] | None, before: int) -> Outcome | None:
        """What came of a row.

        Args:
            line: What the provider says of it.
            before: How often the row had its chance before.

        Returns:
            None when the row did not have its chance: it is simply still missing.
        """
        response = line.get("response") if line else None
        if isinstance(response, dict):
            return self._answered(item, response, before)
        code, message = _error(line)
        if code == _CANCELLED or (code in (None, _EXPIRED) and self.ending not in _ENDINGS):
            return None
        said = message if code and code != _EXPIRED else _ENDINGS.get(self.ending, TOO_LATE)
        return self._failed(item, EndpointError(said), before, attempts=0)

    def _answered(self, item: Input, response: dict[str, Any], before: int) -> Outcome:
        status, body = response.get("status_code"), response.get("body")
        if isinstance(status, int) and status >= 400:
            error = refusal(self.endpoint, status, orjson.dumps(body))
            call = self.endpoint.call(Lane.BATCH, Tokens(), outcome_of(error), total_ms=0.0)
            return self._failed(item, error, before, calls=(call,))
        tokens = read_tokens(body) if isinstance(body, dict) else Tokens()
        try:
            answer = read_answer(body, self.endpoint)
            found = self.extraction.read(answer, item)
        except AnswerError as error:
            call = self.endpoint.call(Lane.BATCH, tokens, outcome_of(error), total_ms=0.0)
            return self._failed(item, error, before, tokens=tokens, calls=(call,))
        return Outcome(
            item.row_no,
            RowStatus.DONE,
            values=found.values,
            notes=found.notes,
            flags=found.flags,
            key=item.key,
            product_type=item.product_type,
            model=answer.model,
            tokens=tokens,
            calls=(self.endpoint.call(Lane.BATCH, tokens, OK, total_ms=0.0),),
        )

    def _failed(self, item: Input, error: ModelError, before: int, **parts: Any) -> Outcome:
        """A row without a result: for another try while it has tries left."""
        most = self.extraction.attempts
        if isinstance(error, CutOffError):
            most = min(most, CUT_OFF_ATTEMPTS)
        again = error.transient and before + 1 < most
        return Outcome(
            item.row_no,
            RowStatus.RETRY if again else RowStatus.FAILED,
            error=error.message,
            reason=error.reason,
            raw=error.raw if isinstance(error, AnswerError) else "",
            key=item.key,
            product_type=item.product_type,
            **parts,
        )


def _error(line: dict[str, Any] | None) -> tuple[str | None, str]:
    """The code and the words of an error that a line tells."""
    error = line.get("error") if line else None
    if not isinstance(error, dict):
        return None, ""
    message = " ".join(str(error.get("message") or NO_ANSWER).split())
    return str(error.get("code") or "error"), message
