"""Collects what a provider has made of a batch, and stores each answer exactly once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from batch import approved, pace, rows, sent
from batch.answer_lines import AnswerLines, AnswerReader
from batch.order import ChangedError, Order
from batch.ranges import Shard
from batch.request_lines import CHECK_S
from batch.sent_batch import SentBatch, tries
from core.errors import EndpointError
from core.refusals import MESSAGE_CHARS
from core.remote_batch import Finding, RemoteBatch
from core.statuses import RowStatus

log = logging.getLogger(__name__)

LOST = "lost"
#: Of what is wrong with a whole batch, so many findings are told.
TOLD_FINDINGS = 3
_PROBLEMS = {
    "expired": "It was not done within 24 hours.",
    "cancelled": "It was cancelled there.",
    "completed": "It came back without an answer to any row.",
    LOST: "The provider does not know it any more.",
}


def collect(order: Order, batch: SentBatch, remote: RemoteBatch) -> bool:
    """Store the answers of a batch that has ended, then have its files removed there.

    Interrupted at any moment, it goes on after the last shard that was stored.

    Returns:
        Whether some of its rows are to be sent again.

    Raises:
        EndpointError: The provider refused, failed, or could not be reached.
        ChangedError: The job is to be looked at again.
    """
    left, answered = True, batch.answered
    if batch.collected_to < batch.last_row:
        with order.spool() as file:
            lines = _fetch(order, batch, remote, AnswerLines(order.job.id, file))
            answered = lines.answered
            left = _store(order, batch, remote, lines)
    for file_id in remote.files:
        with suppress(EndpointError):
            order.provider.delete(file_id)
    sent.close(
        order.db,
        batch,
        remote.status,
        answered=answered,
        problem=_problem(batch, remote, answered),
        room=_room(order, batch, remote),
    )
    pace.sample(order.db, order.job.id, time.time())
    log.info("job %s: %s is %s, %d answers", order.job.id, remote.id, remote.status, answered)
    return left


def _fetch(order: Order, batch: SentBatch, remote: RemoteBatch, lines: AnswerLines) -> AnswerLines:
    wanted = frozenset(batch.rows_between(1, batch.last_row))
    for file_id in (remote.output_file, remote.error_file):
        if file_id is not None:
            lines.take(_checked(order, file_id), wanted)
    if lines.strange:
        log.warning("job %s: %d strange lines in %s", order.job.id, lines.strange, remote.id)
    return lines


def _checked(order: Order, file_id: str) -> Iterator[bytes]:
    """A file's blocks; ends when the job is to be looked at again."""
    checked = time.monotonic()
    for block in order.provider.download(file_id):
        if time.monotonic() - checked >= CHECK_S:
            order.check()
            checked = time.monotonic()
        yield block


def _store(order: Order, batch: SentBatch, remote: RemoteBatch, lines: AnswerLines) -> bool:
    """Store shard by shard; returns whether rows are left."""
    job, at = order.job, batch.collected_to
    reader = AnswerReader(order.extraction, order.endpoint.in_batches(), remote.status)
    earlier = [one for one in sent.of_run(order.db, job.id, job.run) if one.id != batch.id]
    # What was left in shards that were stored before an interruption is not known any more.
    left = at > 0
    for shard_no, numbers in batch.shards():
        order.check()
        shard = Shard(job, shard_no)
        wanted = order.missing(shard).intersection(numbers)
        before = tries(earlier, numbers[0], numbers[-1])
        items = order.inputs(shard, wanted)
        outcomes = [
            reader.outcome(item, lines.line(item.row_no), before[item.row_no]) for item in items
        ]
        came = [
            approved.applied(one, item)
            for one, item in zip(outcomes, items, strict=True)
            if one is not None
        ]
        moved = partial(sent.advance, batch=batch, before=at, to=numbers[-1])
        if not rows.record(order.db, job.id, shard_no, came, job.run, moved):
            raise ChangedError
        at = numbers[-1]
        left = left or any(one is None or one.status is RowStatus.RETRY for one in outcomes)
    return left


def _problem(batch: SentBatch, remote: RemoteBatch, answered: int) -> str:
    """What went wrong with the whole batch, in the provider's words where it has any."""
    if remote.status == "completed" and answered:
        return ""
    told = "; ".join(_told(batch, one) for one in remote.findings[:TOLD_FINDINGS])
    return told or _PROBLEMS.get(remote.status, "It failed there, and no reason was given.")


def _told(batch: SentBatch, finding: Finding) -> str:
    said = " ".join((finding.message or finding.code).split())[:MESSAGE_CHARS]
    row_no = batch.row_of_line(finding.line) if finding.line else None
    return f"{said} (row {row_no:,})" if row_no else said


def _room(order: Order, batch: SentBatch, remote: RemoteBatch) -> int | None:
    """Rows that the provider may have of us at once, where it had too much."""
    if not remote.met_token_limit:
        return None
    others = sent.rows_there(order.db, order.endpoint.name) - batch.rows
    return others if others > 0 else max(1, batch.rows // 2)
