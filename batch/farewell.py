"""What a deleted job still has at its provider: cancelled there, and its files removed.

Until that is done the job's record is kept (:mod:`batch.removal`), so that
nothing is worked on and paid for that nobody wants.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing

from batch import sent
from batch.sent_batch import SentBatch
from core.db import Database
from core.errors import EndpointError, SettingError, ShopkeeperError
from core.provider import Provider
from core.roster import Roster, batch_endpoint

log = logging.getLogger(__name__)

PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
#: A provider that cannot be told for so long is left alone: its batches end by then.
PATIENCE_S = 86_400.0
GIVEN_UP = "given up"


def take_leave(roster: Roster, db: Database, job_id: str) -> None:
    """Follow every open batch of a deleted job to its end."""
    until, pause_s = time.monotonic() + PATIENCE_S, PAUSE_S
    while left := sent.open_batches(db, job_id):
        late = time.monotonic() > until
        for batch in left:
            if late or _gone(roster, batch):
                sent.close(db, batch, GIVEN_UP, answered=batch.answered)
        time.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, pause_s * 1.5)


def _gone(roster: Roster, batch: SentBatch) -> bool:
    """Whether nothing more can or need be done about a batch."""
    try:
        with closing(Provider(batch_endpoint(roster, batch.endpoint))) as provider:
            return _cancelled(provider, batch)
    except SettingError as error:
        log.warning("job %s: batch %s is left to itself: %s", batch.job_id, batch.id, error)
        return True
    except EndpointError as error:
        log.warning("job %s: batch %s: %s", batch.job_id, batch.id, error)
        return not error.transient
    except ShopkeeperError as error:
        log.warning("job %s: batch %s: %s", batch.job_id, batch.id, error)
        return False


def _cancelled(provider: Provider, batch: SentBatch) -> bool:
    if batch.remote_id is None:
        found = provider.find(batch.id, batch.created_at - sent.CLOCK_S)
        settled = time.time() - batch.created_at > sent.SETTLE_S
    else:
        there = provider.look(batch.remote_id)
        found, settled = [there] if there else [], True
    for remote in found:
        if remote.can_be_cancelled:
            provider.cancel(remote.id)
        for file_id in remote.files if remote.ended else ():
            provider.delete(file_id)
    return settled and all(remote.ended for remote in found)
