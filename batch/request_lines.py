"""The rows of a job as lines of requests, in files as a provider takes them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import IO

import orjson

from batch.budget import expected_cost
from batch.extract import Extraction
from batch.inputs import Input
from core.endpoints import Endpoint
from core.model import Request, request_body
from core.provider import URL

#: How often it is checked whether a file is still to be sent while it is.
CHECK_S = 0.5


def custom_id(job_id: str, row_no: int) -> str:
    """What a row is called at the provider."""
    return f"{job_id}-{row_no}"


def row_of(job_id: str, name: object) -> int | None:
    """The row of this name; None when it is none of this job."""
    prefix, _, number = str(name).rpartition("-")
    return int(number) if prefix == job_id and number.isdecimal() else None


class RequestLines:
    """Rows as lines, handed out in files of at most so many.

    Args:
        job_id: The rows' job.
        endpoint: Where they are sent.
        extraction: How they are asked for.
        items: The rows, ascending.
        completion: Tokens of an answer, where they were measured.

    Attributes:
        cost: What the rows of the last file are expected to cost.
        too_dear: Whether the money did not reach for the next row.
    """

    def __init__(
        self,
        job_id: str,
        endpoint: Endpoint,
        extraction: Extraction,
        items: Iterator[Input],
        completion: float | None = None,
    ) -> None:
        self._job_id = job_id
        self._endpoint = endpoint
        self._extraction = extraction
        self._items = items
        self._completion = completion
        self._held: tuple[int, bytes, float] | None = None
        self.cost = 0.0
        self.too_dear = False

    def fill(self, file: IO[bytes], most: int, money: float = math.inf) -> list[int]:
        """Write the next lines to a file, as many as the provider takes in one.

        Args:
            most: Lines at most, whatever the provider takes.
            money: What they may cost together, as far as that can be told.

        Returns:
            The rows that were written, ascending; none when there are no more.
        """
        numbers: list[int] = []
        self.cost, self.too_dear = 0.0, False
        size, most_bytes = 0, self._endpoint.batch_mb * 1_000_000
        while len(numbers) < min(most, self._endpoint.batch_requests):
            found = self._next()
            if found is None:
                break
            row_no, line, cost = found
            self.too_dear = self.cost + cost > money
            if self.too_dear or (numbers and size + len(line) > most_bytes):
                self._held = found
                break
            file.write(line)
            size += len(line)
            self.cost += cost
            numbers.append(row_no)
        return numbers

    def _next(self) -> tuple[int, bytes, float] | None:
        if self._held is not None:
            found, self._held = self._held, None
            return found
        item = next(self._items, None)
        if item is None:
            return None
        request = self._extraction.request(item)
        cost = expected_cost(self._endpoint.in_batches(), request, self._completion)
        return item.row_no, self._line(item, request), cost

    def _line(self, item: Input, asked: Request) -> bytes:
        request = {
            "custom_id": custom_id(self._job_id, item.row_no),
            "method": "POST",
            "url": URL,
            "body": request_body(self._endpoint, asked),
        }
        return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)


class CheckedFile:
    """A file that is read while something is checked every now and then.

    A person who stops a job does not wait until hundreds of megabytes are sent.

    Args:
        file: What is read.
        check: Raises when the reading is to end.
    """

    def __init__(self, file: IO[bytes], check: Callable[[], None]) -> None:
        self._file = file
        self._check = check
        self._checked = time.monotonic()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if time.monotonic() - self._checked >= CHECK_S:
            self._check()
            self._checked = time.monotonic()
        return self._file.read(size)

    def fileno(self) -> int:
        """Tells the file's size to who sends it."""
        return self._file.fileno()
