"""Takes one delivery to its end: rows are read, sent and noted, block by block.

Killed at any moment, it goes on after the last block that was noted. The block in
flight is then sent again, which no destination minds. Knows no engine.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import TypeVar

from batch import deliveries, delivery_runs, destinations, jobs, publish, targets
from batch.choice import Choice, chosen
from batch.deliveries import Delivery
from batch.delivery_items import MAX_ID, Item, Items
from batch.delivery_runs import DeliveryRun
from batch.destination_options import ChatOptions, FileOptions
from batch.destinations import Destination
from batch.download_forms import Options as DownloadOptions
from batch.downloads import download
from batch.jobs import Job
from batch.results import ResultRow
from batch.stored_rows import iterate
from batch.table import SHARD_ROWS
from batch.target import Mark, Refusal, Sent, Target
from core.db import Database
from core.errors import DestinationError, ValueRefused
from core.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Pauses before another try, while a destination cannot be reached: a quarter of an hour in all.
PAUSES_S = (5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 300.0)
#: Longer than that no destination is waited for, whatever it asks.
LONGEST_PAUSE_S = 3600.0
#: Rows that are looked at together; sending begins anew at each multiple of it.
GROUP_ROWS = 2 * SHARD_ROWS
#: How often it is looked whether the delivery was stopped.
LOOK_S = 0.5


class Overtaken(Exception):
    """The delivery was stopped, or somebody else works on it."""


class Delivering:
    """One go at a delivery.

    Args:
        settings: Where things are.
        db: Our tables.
        one: Which delivery, and which go at it.
        wait_sure: Waits until it is certain that nobody takes this worker for dead.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        one: DeliveryRun,
        wait_sure: Callable[[], object] = lambda: None,
    ) -> None:
        self._settings = settings
        self._db = db
        self._one = one
        self._wait_sure = wait_sure
        self._looked = 0.0

    def go(self) -> None:
        """Deliver until all is through, or until it is stopped.

        Raises:
            DestinationError: The destination does not take it, or cannot be reached for long.
            ShopkeeperError: The job, its catalog or the destination is gone.
        """
        delivery = deliveries.get(self._db, self._one.delivery_id)
        again = delivery.started_at is not None
        if not delivery_runs.begin(self._db, self._one):
            return
        job = jobs.get(self._db, delivery.job_id)
        delivery_runs.count_anew(self._db, self._one, job)
        destination = destinations.get(self._db, delivery.destination_id)
        try:
            self._deliver(delivery, job, destination, again=again)
        except Overtaken:
            log.info("delivery %s run %d was stopped", delivery.id, self._one.run)
            return
        if delivery_runs.end(self._db, self._one):
            log.info("delivery %s run %d is done", delivery.id, self._one.run)

    def _deliver(
        self, delivery: Delivery, job: Job, destination: Destination, *, again: bool
    ) -> None:
        if isinstance(destination.options, FileOptions):
            self._write(delivery, job, destination, destination.options)
        elif isinstance(destination.options, ChatOptions):
            self._publish(delivery, job, destination.options)
        else:
            with closing(targets.open_target(self._settings, self._db, destination)) as target:
                self._send(delivery, job, target, again=again)

    def _send(self, delivery: Delivery, job: Job, target: Target, *, again: bool) -> None:
        """Send products one by one, as far as their places in the catalog go."""
        items = Items(job)
        self._patiently(lambda: target.prepare(items.columns))
        mark, position = Mark(delivery.id, job.id), delivery.position
        for group in self._groups(delivery, job):
            made, refused = _made(items, group)
            wanted = list(target.pick(made))
            parts = [
                wanted[start : start + target.at_once]
                for start in range(0, len(wanted), target.at_once)
            ] or [[]]
            for part in parts:
                last = part[-1].row_no if part is not parts[-1] else group[-1].row_no
                sent = self._part(target, part, mark, again=again)
                ours = tuple(one for one in refused if position < one.row_no <= last)
                position = self._note(delivery, position, last, sent, ours, group)
                again = False

    def _part(self, target: Target, part: Sequence[Item], mark: Mark, *, again: bool) -> Sent:
        """Send some items; of several with the same id, the last one counts."""
        if not part:
            return Sent()
        by_id = {item.product_id: item for item in part}
        self._wait_sure()
        sent = self._patiently(lambda: target.send(list(by_id.values()), mark, again=again))
        return Sent(sent.taken + len(part) - len(by_id), sent.changed, sent.refused, sent.digests)

    def _note(
        self,
        delivery: Delivery,
        before: int,
        last: int,
        sent: Sent,
        refused: tuple[Refusal, ...],
        group: Sequence[ResultRow],
    ) -> int:
        repaired = 0
        if delivery.only_failed:
            repaired = sum(before < row.row_no <= last for row in group)
        whole = Sent(sent.taken, sent.changed, (*refused, *sent.refused), sent.digests)
        if not delivery_runs.note(self._db, self._one, before, last, whole, repaired=repaired):
            raise Overtaken
        return last

    def _groups(self, delivery: Delivery, job: Job) -> Iterator[list[ResultRow]]:
        """The rows that are meant, some at a time: always the same ones, wherever it begins."""
        rows = self._failed(delivery, job) if delivery.only_failed else self._rows(delivery, job)
        for _, group in groupby(rows, lambda row: (row.row_no - 1) // GROUP_ROWS):
            yield list(group)

    def _rows(self, delivery: Delivery, job: Job) -> Iterator[ResultRow]:
        # A row without a result would take away what is known of its product there.
        choice = Choice.DONE if delivery.choice is Choice.ALL else delivery.choice
        return chosen(self._settings, self._db, job, choice, delivery.position + 1)

    def _failed(self, delivery: Delivery, job: Job) -> Iterator[ResultRow]:
        """The rows that were not taken before."""
        after = delivery.position
        while numbers := delivery_runs.failed_rows(self._db, delivery.id, after, SHARD_ROWS):
            first, wanted = numbers[0], set(numbers)
            count = min(numbers[-1] - first + 1, SHARD_ROWS)
            rows = iterate(self._settings, self._db, job, first, count)
            yield from (row for row in rows if row.row_no in wanted)
            after = first + count - 1

    def _write(
        self, delivery: Delivery, job: Job, destination: Destination, options: FileOptions
    ) -> None:
        target = targets.open_file(self._settings, self._db, destination)

        def write() -> str:
            pieces = download(
                self._settings,
                self._db,
                job.id,
                options.form,
                choice=delivery.choice,
                options=DownloadOptions(
                    as_uploaded=options.as_uploaded,
                    provenance=options.provenance,
                    guard=options.guard,
                    complete_only=options.complete_only,
                ),
            )
            return target.write(self._watched(pieces), job.name, delivery.created_at)

        self._patiently(write)
        count = deliveries.get(self._db, delivery.id).rows
        self._note_whole(delivery, job, count)

    def _publish(self, delivery: Delivery, job: Job, options: ChatOptions) -> None:
        def watch(_: int) -> None:
            self._watch()

        choice = Choice.DONE if delivery.choice is Choice.ALL else delivery.choice
        release = publish.prepare(
            self._settings, self._db, job.id, choice=choice, alone=options.alone, on_step=watch
        )
        self._watch()
        live = publish.switch(self._db, release)
        self._note_whole(delivery, job, live.products)

    def _note_whole(self, delivery: Delivery, job: Job, count: int) -> None:
        done = Sent(count, count)
        if not delivery_runs.note(self._db, self._one, delivery.position, job.rows, done):
            raise Overtaken

    def _patiently(self, do: Callable[[], T]) -> T:
        """Do something again until the destination can be reached, for a quarter of an hour."""
        for pause_s in PAUSES_S:
            try:
                return do()
            except DestinationError as error:
                if not error.transient:
                    raise
                log.warning("delivery %s waits: %s", self._one.delivery_id, error.message)
                self._pause(error.message, max(pause_s, error.retry_after_s or 0.0))
        return do()

    def _pause(self, trouble: str, pause_s: float) -> None:
        delivery_runs.tell(
            self._db, self._one, f"{trouble} It is tried again by itself for a while."
        )
        until = time.monotonic() + min(pause_s, LONGEST_PAUSE_S)
        while (left := until - time.monotonic()) > 0:
            self._watch()
            time.sleep(min(left, LOOK_S))

    def _watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, as long as nobody stops the delivery."""
        for piece in pieces:
            self._watch()
            yield piece

    def _watch(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        if not delivery_runs.is_current(self._db, self._one):
            raise Overtaken


def _made(items: Items, group: Sequence[ResultRow]) -> tuple[list[Item], list[Refusal]]:
    """The items of some rows, and the rows that cannot be delivered."""
    made, refused = list[Item](), list[Refusal]()
    for row in group:
        try:
            made.append(items.of(row))
        except ValueRefused as error:
            name = items.name(row)[:MAX_ID]
            refused.append(Refusal(row.row_no, name, error.message))
    return made, refused
