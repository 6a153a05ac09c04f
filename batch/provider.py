"""Takes one run of a job through its provider's batches, until every row has ended.

Everything that matters is in our tables, so it may be killed at any moment and
begun again, also by somebody else. A run that is not wanted any more has its
batches cancelled there, and keeps what they had answered.
"""

from __future__ import annotations

import logging
import time

from batch import budget, claims, pace, runs, sent
from batch.collecting import LOST, collect
from batch.jobs import Job
from batch.order import ChangedError, Order, order_extraction
from batch.runs import JobRun
from batch.sending import Sender
from batch.sent_batch import SentBatch, hopeless
from core.db import Database
from core.errors import EndpointError, Refused
from core.pool import Pool
from core.provider import Provider
from core.remote_batch import RemoteBatch
from core.roster import batch_endpoint
from core.statuses import ACTIVE, BatchStatus, Mode

log = logging.getLogger(__name__)

#: How long until the provider is asked again: at first, and at last while nothing changes.
POLL_S, LONGEST_POLL_S = 0.5, 60.0
POLL_GROWTH = 1.5
#: How often it looks whether somebody has decided something.
LOOK_S = 0.5
#: A provider out of reach for so long stops the job.
PATIENCE_S = 86_400.0


class ProviderRun:
    """One run of a job at its provider.

    Args:
        pool: Knows the endpoint whose provider takes the rows.
        db: Our tables.
        job: The job, in the run that is to be worked on.

    Raises:
        SettingError: There is no such endpoint, or it does not offer batches.
    """

    def __init__(self, pool: Pool, db: Database, job: Job) -> None:
        settings, endpoint = pool.settings, batch_endpoint(pool.roster, job.provider or "")
        self._pool = pool
        self._db = db
        self._job = job
        self._seen: JobRun | None = None
        self._known: list[SentBatch] = []
        self._provider = Provider(endpoint)
        self._order = Order(
            settings=settings,
            db=db,
            job=job,
            provider=self._provider,
            extraction=order_extraction(settings, job),
            check=self._check,
        )
        self._sender = Sender(self._order)
        self._stop_after = settings.stop_after
        self._poll_s = POLL_S
        self._trouble_since: float | None = None
        #: Trouble that an earlier life has told is over as soon as it is not met any more.
        self._told = True

    def go(self) -> None:
        """Work until every row has ended, or until the run is over and its batches are too.

        Raises:
            Refused: The provider will not serve us, or was out of reach for long.
            ShopkeeperError: The catalog cannot be read, or the disk is full.
        """
        try:
            while self._step():
                self._wait(self._poll_s)
        finally:
            self._provider.close()

    def _step(self) -> bool:
        """Look once and do what is due; returns whether there is more to come."""
        try:
            more = self._look()
            self._trouble_ended()
            return more
        except ChangedError:
            self._poll_s = POLL_S
        except EndpointError as error:
            if not error.transient:
                raise Refused(error.message, status=error.status) from error
            self._trouble(error)
            self._wait(error.retry_after_s or 0.0)
        return True

    def _look(self) -> bool:
        job = self._job
        seen = self._seen = runs.look(self._db, job.id)
        if seen is None or seen.run != job.run:
            return False  # what is left there is looked after by another run, or by batch.farewell
        wanted = seen.status in ACTIVE
        self._known = sent.open_batches(self._db, job.id)
        self._tend(wanted)
        self._known = sent.open_batches(self._db, job.id)
        return self._go_on() if wanted else bool(self._known)

    def _go_on(self) -> bool:
        """Send what is missing; returns False when nothing is."""
        job = self._job
        batch = hopeless(sent.of_run(self._db, job.id, job.run))
        if batch is not None:
            reason = f"{batch.endpoint} gave rows back twice without any answer: {batch.problem}"
            runs.fail(self._db, job.id, job.run, reason)
            return True
        while self._is_open() and (new := self._sender.send()):
            self._known.append(new)
            self._poll_s = POLL_S
        if self._sender.too_dear and not self._known:
            self._trouble_ended()
            budget.stop(self._db, job.id, job.run)
            return True
        if self._known or not self._sender.through:
            return True
        self._trouble_ended()
        if runs.settle(self._db, job.id, job.run):
            claims.release_all(self._db, job)
            pace.sample(self._db, job.id, time.time())
            return False
        self._sender.fill_in()
        return True

    def _is_open(self) -> bool:
        """Whether nobody keeps the endpoint from taking anything new."""
        name = self._provider.endpoint.name
        states = (one for one in self._pool.states()[0] if one.endpoint.name == name)
        return all(one.condition.mode is Mode.OPEN for one in states)

    def _tend(self, wanted: bool) -> None:
        """See how every open batch is; trouble with one does not keep the others waiting."""
        trouble: EndpointError | None = None
        for batch in self._known:
            try:
                self._tend_one(batch, wanted)
            except Refused:
                raise
            except EndpointError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble

    def _tend_one(self, batch: SentBatch, wanted: bool) -> None:
        if batch.status is BatchStatus.CREATING or batch.remote_id is None:
            self._sender.adopt(batch)
            self._poll_s = POLL_S
            return
        remote = self._provider.look(batch.remote_id) or _lost(batch.remote_id)
        sent.note(self._db, batch, remote)
        if not wanted and remote.can_be_cancelled:
            self._provider.cancel(remote.id)
        if remote.ended or remote.status == LOST:
            self._collect(batch, remote)

    def _collect(self, batch: SentBatch, remote: RemoteBatch) -> None:
        if collect(self._order, batch, remote):
            self._sender.again()
        self._poll_s = POLL_S
        if self._stop_after:
            runs.stop_if_hopeless(self._db, self._job.id, self._job.run, self._stop_after)

    def _trouble(self, error: EndpointError) -> None:
        """The provider does not do what it should: say so, and have patience for long."""
        now = time.monotonic()
        self._trouble_since = self._trouble_since or now
        if now - self._trouble_since > PATIENCE_S:
            raise Refused(f"Nothing was heard of the batches for 24 hours. {error}") from error
        log.warning("job %s: %s", self._job.id, error)
        self._told = True
        said = f"{error.message} It is tried again by itself."
        runs.tell(self._db, self._job.id, self._job.run, said)

    def _trouble_ended(self) -> None:
        self._trouble_since = None
        if self._told:
            self._told = False
            runs.tell(self._db, self._job.id, self._job.run, "")

    def _check(self) -> None:
        if runs.look(self._db, self._job.id) != self._seen:
            raise ChangedError

    def _wait(self, seconds: float) -> None:
        """Wait, but not beyond a decision about the job."""
        until = time.monotonic() + seconds
        self._poll_s = min(LONGEST_POLL_S, self._poll_s * POLL_GROWTH)
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_S, left_s))
            if runs.look(self._db, self._job.id) != self._seen:
                self._poll_s = POLL_S
                return


def _lost(remote_id: str) -> RemoteBatch:
    return RemoteBatch(
        id=remote_id, status=LOST, answered=0, input_file="", output_file=None, error_file=None
    )
