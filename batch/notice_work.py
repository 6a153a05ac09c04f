"""What a worker does for notices: tell of what has happened, and send what is due.

Sending waits for servers of other people, so it has threads of its own: no
job waits for it, and no channel for another one.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from batch import notice_words
from core import events, notice_channels, notice_post, notice_sendings, notices
from core.db import Database
from core.errors import DatabaseAway, NotFoundError, ShopkeeperError
from core.events import Event
from core.notice_sendings import Sending
from core.settings import Settings

log = logging.getLogger(__name__)

CONSUMER = "notices"
#: Channels that are sent to at the same time.
AT_ONCE = 4


def tell(db: Database) -> None:
    """Make a notice of everything that has happened and was not told yet."""
    for event in events.unhandled(db, CONSUMER):
        _tell(db, event)
        events.handled(db, CONSUMER, event)


def _tell(db: Database, event: Event) -> None:
    try:
        told = notice_words.told(db, event)
        if told is not None and notices.add(db, event.id, told, event.at):
            log.info("told of %s of %s", event.kind, event.subject)
    except DatabaseAway:
        raise
    except Exception:
        # One that cannot be told must not keep back those after it.
        log.exception("%s of %s could not be told", event.kind, event.subject)


class Sender:
    """Sends notices over channels, in threads of its own."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db
        self._threads = ThreadPoolExecutor(AT_ONCE, "notices")
        self._busy: dict[str, Future[None]] = {}

    def stop(self) -> None:
        """Begin nothing more; what is being sent is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def step(self) -> None:
        """Have sent what is due, one notice a channel at a time."""
        self._busy = {name: one for name, one in self._busy.items() if not one.done()}
        for sending in notice_sendings.due(self._db):
            if sending.channel_id not in self._busy and len(self._busy) < AT_ONCE:
                sent = self._threads.submit(send, self._settings, self._db, sending)
                self._busy[sending.channel_id] = sent


def send(settings: Settings, db: Database, sending: Sending) -> None:
    """Send one notice over its channel, and note what came of it."""
    try:
        if notice_sendings.take(db, sending):
            _note(db, sending, _problem(settings, db, sending))
    except DatabaseAway as error:
        # Taken for some minutes, and then due again.
        log.warning("what became of %s is not noted: %s", sending.key, error.reason)
    except Exception:
        log.exception("sending %s failed", sending.key)


def _problem(settings: Settings, db: Database, sending: Sending) -> str:
    """Send it; returns why it did not arrive, or nothing."""
    notice = notices.get(db, sending.notice_id)
    try:
        channel = notice_channels.get(db, sending.channel_id)
        if notice is not None:
            notice_post.send(settings, channel, notice, sending.key)
    except DatabaseAway:
        raise
    except NotFoundError:
        # Removed meanwhile, and with it what was on its way there.
        return ""
    except ShopkeeperError as error:
        return error.message
    except Exception:
        log.exception("%s was not sent", sending.key)
        return "It could not be sent for a reason that is not known; the worker's log says more."
    return ""


def _note(db: Database, sending: Sending, problem: str) -> None:
    if problem:
        log.warning("%s was not sent: %s", sending.key, problem)
        notice_sendings.failed(db, sending, problem)
    else:
        log.info("%s was sent", sending.key)
        notice_sendings.arrived(db, sending)
