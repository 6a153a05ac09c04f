"""This worker's place in the crew: its name, and how sure it may be that it still counts."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.dialects import postgresql

from batch import crew
from core import holders
from core.db import Database, when_back
from core.errors import DatabaseAway, ServiceError
from core.files import make_folder
from core.postgres import SERVER_NOW, is_postgres
from core.schema import workers
from core.settings import Settings

log = logging.getLogger(__name__)

#: How many signs of life may be missing before a name counts as free, and how often it looks.
WATCHED_BEATS, LOOK_S = 1.75, 0.1
#: Workers of one home on one machine; many more than its cores could feed.
MOST_HERE = 100
#: The only worker's name on SQLite.
ALONE = "worker"
#: Exit code of a worker that was taken for dead: whoever runs it should start it again.
TAKEN_FOR_DEAD = 75


class Post:
    """This worker's place in the crew.

    Attributes:
        name: Its name.
        version: Of the workflows that it can go on with.
    """

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        # Alone, there is nobody who could take it for dead.
        self._confirmed = math.inf
        self._steady_since = -math.inf

    def is_sure(self) -> bool:
        """Whether it is known, as of moments ago, that nobody takes this worker for dead."""
        return time.monotonic() - self._confirmed < crew.TRUST_S

    def wait_sure(self) -> None:
        """Wait until that is known. A worker that was taken for dead ends meanwhile."""
        while not self.is_sure():
            time.sleep(LOOK_S)

    def may_judge(self) -> bool:
        """Whether it may take others for dead: not when it was itself cut off a moment ago.

        After an outage of the database nobody's sign of life is recent.
        """
        return self.is_sure() and time.monotonic() - self._steady_since >= crew.DEAD_S


class _BeatingPost(Post):
    """A place that is kept by signs of life, shown by a thread of its own."""

    def __init__(
        self, db: Database, name: str, version: str, instance: str, lost: Callable[[], Any]
    ) -> None:
        super().__init__(name, version)
        self._db = db
        self._mine = sa.and_(workers.c.name == name, workers.c.instance == instance)
        self._lost = lost
        self._left = threading.Event()
        self._confirmed = self._steady_since = time.monotonic()
        self._thread = threading.Thread(target=self._beat_on, name="beat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def beat(self) -> None:
        """Show a sign of life, and see whether it still counts.

        Raises:
            DatabaseAway: It could not be shown.
        """
        sent = time.monotonic()
        if not self._show(SERVER_NOW):
            self._lost()
            return
        if not self.is_sure():
            self._steady_since = time.monotonic()
        # What is known by now is that it lived when it sent this.
        self._confirmed = sent

    def leave(self) -> None:
        """Let the others take over at once."""
        self._left.set()
        self._thread.join(crew.BEAT_S)
        try:
            self._show(sa.literal(0.0))
        except DatabaseAway as error:
            log.warning("left without a word: %s", error.reason)

    def _show(self, at: sa.ColumnElement[float]) -> bool:
        with self._db.write() as connection:
            shown = connection.execute(workers.update().where(self._mine).values(beat_at=at))
            return shown.rowcount == 1

    def _beat_on(self) -> None:
        away = False
        while not self._left.wait(crew.BEAT_S):
            try:
                self.beat()
                away = False
            except DatabaseAway as error:
                if not away:
                    log.warning("no sign of life could be shown: %s", error.reason)
                away = True


@contextmanager
def joined(
    settings: Settings, db: Database, version: str, lost: Callable[[], Any] | None = None
) -> Iterator[Post]:
    """A place in the crew for as long as the context lasts; waited for on SQLite.

    Args:
        settings: Names the home.
        db: The database whose workers are meant.
        version: Of the workflows that this worker can go on with.
        lost: Called when this worker was taken for dead; by default it ends at once.

    Raises:
        ServiceError: There are too many already.
    """
    if not is_postgres(db.engine):
        # The engine's limits are not shared between processes on SQLite.
        with FileLock(settings.home / "worker.lock"):
            yield Post(ALONE, version)
        return
    post, lock = _entered(settings, db, version, lost or _end)
    with lock:
        post.start()
        try:
            yield post
        finally:
            post.leave()


def _entered(
    settings: Settings, db: Database, version: str, lost: Callable[[], Any]
) -> tuple[_BeatingPost, FileLock]:
    """The first name that nobody has, with the lock that keeps it ours on this machine."""
    home = hashlib.sha256(str(settings.home).encode()).hexdigest()[:6]
    for number in range(1, MOST_HERE + 1):
        lock = FileLock(make_folder(settings.run) / f"worker-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        name, instance = f"{socket.gethostname()[:40]}-{home}-{number}", secrets.token_hex(16)
        if when_back(lambda: _taken(db, name, version, instance)):  # noqa: B023
            return _BeatingPost(db, name, version, instance, lost), lock
        lock.release()
    raise ServiceError(f"There are {MOST_HERE} workers for {settings.home} already.")


def _taken(db: Database, name: str, version: str, instance: str) -> bool:
    """Take a name unless a worker elsewhere lives by it."""
    before = _found(db, name)
    if before is not None and before["lives"] and _moves(db, name, before):
        return False
    row = {
        "name": name,
        "instance": instance,
        "version": version,
        "host": holders.machine(),
        "pid": os.getpid(),
        "started_at": SERVER_NOW,
        "beat_at": SERVER_NOW,
    }
    statement = postgresql.insert(workers).values(row)
    replaced = {key: statement.excluded[key] for key in row if key != "name"}
    known = before["instance"] if before else ""
    with db.write() as connection:
        done = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_=replaced,
                # Ours already, where it was not known whether it had been written.
                where=workers.c.instance.in_([known, instance]),
            ).returning(workers.c.name)
        )
        return done.first() is not None


def _found(db: Database, name: str) -> Any:
    lives = (workers.c.beat_at >= SERVER_NOW - crew.DEAD_S).label("lives")
    with db.read() as connection:
        query = sa.select(workers, lives).where(workers.c.name == name)
        return connection.execute(query).mappings().first()


def _moves(db: Database, name: str, before: Any) -> bool:
    """Whether a name's worker shows a sign of life; one known to be dead is not waited for."""
    if holders.is_gone(f"{before['host']}:{before['pid']}"):
        return False
    deadline = time.monotonic() + WATCHED_BEATS * crew.BEAT_S
    while time.monotonic() < deadline:
        now = _found(db, name)
        if now is None or not now["lives"]:
            return False
        if now["beat_at"] != before["beat_at"]:
            return True
        time.sleep(LOOK_S)
    return False


def _end() -> NoReturn:
    log.critical("this worker was taken for dead, and others have its work: ending")
    os._exit(TAKEN_FOR_DEAD)
