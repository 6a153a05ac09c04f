"""Sends a job's rows to its provider: what is missing and not there yet, and nothing twice."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO, cast

from batch import claims, jobs, memory, rows, runs, sent
from batch.extract import nothing_to_read
from batch.inputs import Input
from batch.order import ChangedError, Order
from batch.ranges import Shard
from batch.request_lines import CheckedFile, RequestLines
from batch.sent_batch import SentBatch
from core.errors import EndpointError, JobError, Refused
from core.provider import Provider
from core.remote_batch import RemoteBatch
from core.statuses import BatchStatus

log = logging.getLogger(__name__)

#: After this the provider may have done what it was asked, although the answer was an error.
_TIMED_OUT_THERE = 408
#: Answers to come are taken for as long as those that came, and a little longer.
MARGIN = 1.25


class Sender:
    """Sends the rows of one order; used by one thread."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._absent: dict[str, float] = {}
        #: Shards before this one have nothing left to send.
        self._next_shard = 0
        self._through = False
        #: Whether there are rows that the budget does not reach for, as things are.
        self.too_dear = False

    def again(self) -> None:
        """Some rows that were sent are missing after all: look at every shard again."""
        self._next_shard, self._through = 0, False

    @property
    def through(self) -> bool:
        """Whether all that was missing has been sent."""
        return self._through

    def send(self) -> SentBatch | None:
        """Send the next batch of what is missing and not there, if the provider has room.

        Returns:
            The batch; None when there is nothing to send now.

        Raises:
            EndpointError: The provider refused, failed, or could not be reached.
            ChangedError: The job is to be looked at again.
        """
        if self._through or (room := self._room()) <= 0:
            return None
        try:
            return self._send_next(room)
        except BaseException:
            self.again()
            raise

    def _send_next(self, room: int) -> SentBatch | None:
        order = self._order
        money, completion = self._money()
        source = self._unsent()
        lines = RequestLines(order.job.id, order.endpoint, order.extraction, source, completion)
        with order.spool() as file:
            numbers = lines.fill(file, room, money)
            self.too_dear = lines.too_dear
            if not numbers:
                self._through = not lines.too_dear
                return None
            file.seek(0)
            return self._send(file, numbers, lines.cost)

    def _money(self) -> tuple[float, float | None]:
        """What may still be spent, and the tokens of an answer where they were measured."""
        order = self._order
        try:
            job = jobs.get(order.db, order.job.id)
        except JobError as error:
            raise ChangedError from error
        completion = MARGIN * job.tokens.completion / job.calls if job.calls else None
        if job.budget is None:
            return math.inf, completion
        under_way = sum(one.cost for one in sent.open_batches(order.db, job.id))
        return job.budget.amount - job.cost - under_way, completion

    def _room(self) -> int:
        """Rows that the provider would take now."""
        order = self._order
        learnt = [one.room for one in sent.of_run(order.db, order.job.id, order.job.run)]
        least = min((room for room in learnt if room is not None), default=None)
        if least is None:
            return order.endpoint.batch_requests
        return least - sent.rows_there(order.db, order.endpoint.name)

    def _unsent(self) -> Iterator[Input]:
        """Rows to be sent, shard by shard; those that are known already are stored meanwhile."""
        order = self._order
        there = sent.open_batches(order.db, order.job.id)
        for shard_no in runs.unfinished(order.db, order.job.id):
            if shard_no >= self._next_shard:
                order.check()
                self._next_shard = shard_no
                yield from self._unsent_of(Shard(order.job, shard_no), there)

    def _unsent_of(self, shard: Shard, there: list[SentBatch]) -> Sequence[Input]:
        order, job = self._order, shard.job
        first, last = shard.first_row, shard.last_row
        sent_before = {number for batch in there for number in batch.rows_between(first, last)}
        missing = order.missing(shard)
        items = order.inputs(shard, missing - sent_before)
        if not items:
            return []
        # What an earlier run has there is asked for already, also for equal rows.
        claims.claim(order.db, shard, order.inputs(shard, missing & sent_before))
        readable = [item for item in items if item.text]
        again = rows.to_read_again(order.db, job.id, first, shard.count)
        division = memory.divide(order.db, shard, readable, again, {order.endpoint.model})
        ended = [nothing_to_read(item) for item in items if not item.text] + [*division.known]
        if ended:
            rows.record(order.db, job.id, shard.number, ended, job.run)
        return division.ours

    def fill_in(self) -> None:
        """When nothing is there any more: give rows what has come of equal ones.

        What is missing even so is to be sent.
        """
        order, job = self._order, self._order.job
        for shard_no in runs.unfinished(order.db, job.id):
            order.check()
            shard = Shard(job, shard_no)
            came = memory.settled(order.db, job, order.inputs(shard, order.missing(shard)))
            if came:
                rows.record(order.db, job.id, shard_no, came, job.run)
        claims.release_all(order.db, job)
        self.again()

    def _send(self, file: IO[bytes], numbers: list[int], cost: float) -> SentBatch | None:
        order = self._order
        batch = sent.begin(order.db, order.job, order.endpoint.name, numbers, cost)
        if batch is None:
            raise ChangedError
        try:
            remote = self._create(batch, file)
        except EndpointError as error:
            if isinstance(error, Refused) or error.transient:
                raise
            log.warning("job %s: a batch was refused: %s", order.job.id, error)
            sent.close(order.db, batch, "refused", answered=0, problem=error.message)
            self.again()
            return None
        if not sent.mark_sent(order.db, batch, remote):
            # Somebody has given it up meanwhile: it must not be paid for.
            order.provider.cancel(remote.id)
            raise ChangedError
        log.info("job %s: %d rows sent as %s", order.job.id, batch.rows, remote.id)
        return replace(batch, status=BatchStatus.SENT, remote_id=remote.id)

    def _create(self, batch: SentBatch, file: IO[bytes]) -> RemoteBatch:
        """Have a batch created; forgets it where it certainly was not."""
        order, file_id = self._order, None
        try:
            file_id = _upload(order.provider, batch, CheckedFile(file, order.check))
            order.check()
            if not sent.is_creating(order.db, batch):
                raise ChangedError
            return order.provider.create(file_id, batch.id)
        except (EndpointError, ChangedError) as error:
            if file_id is None or not _may_be_there(error):
                self._forget(batch, file_id, error)
            raise

    def _forget(self, batch: SentBatch, file_id: str | None, error: Exception) -> None:
        """The provider has no such batch; one that it refused for good is kept as refused."""
        if file_id is not None:
            with suppress(EndpointError):
                self._order.provider.delete(file_id)
        final = isinstance(error, EndpointError) and not error.transient
        if not final or isinstance(error, Refused):
            sent.drop(self._order.db, batch)

    def adopt(self, batch: SentBatch) -> None:
        """Find out what became of a batch whose creation was interrupted.

        It is taken over when the provider has it, and forgotten when it has not shown
        up there for :data:`batch.sent.SETTLE_S`.

        Raises:
            EndpointError: The provider refused, failed, or could not be reached.
        """
        order = self._order
        found = order.provider.find(batch.id, batch.created_at - sent.CLOCK_S)
        if found:
            sent.mark_sent(order.db, batch, found[0])
            for double in found[1:]:
                order.provider.cancel(double.id)
            log.info("job %s: found %s again", order.job.id, found[0].id)
            return
        since = self._absent.setdefault(batch.id, time.monotonic())
        if time.monotonic() - since >= sent.SETTLE_S:
            sent.drop(order.db, batch)
            self.again()


def _upload(provider: Provider, batch: SentBatch, file: CheckedFile) -> str:
    return provider.upload(f"shopkeeper-{batch.job_id}-{batch.id}.jsonl", cast(IO[bytes], file))


def _may_be_there(error: Exception) -> bool:
    """Whether a batch may have been created in spite of this."""
    if not isinstance(error, EndpointError):
        return False
    return error.status is None or error.status >= 500 or error.status == _TIMED_OUT_THERE
