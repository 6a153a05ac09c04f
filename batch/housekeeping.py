"""What is removed by itself after some time: forgotten uploads, old results, talks and records."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from batch import control, delivery_history, estimated, uploads
from core import events, notices, usage
from core.chat_tables import conversations, gaps, messages
from core.db import Database
from core.errors import ShopkeeperError
from core.schema import jobs
from core.schema import uploads as uploads_table
from core.settings import Settings
from core.statuses import ACTIVE, JobStatus

log = logging.getLogger(__name__)

DAY_S = 86_400.0
#: Removed in one go, so that the worker's other duties do not wait.
AT_ONCE = 20


def tidy(settings: Settings, db: Database, now: float) -> bool:
    """Remove a little of what is older than the settings allow.

    Args:
        settings: How many days each kind of thing is kept.
        db: Our tables.
        now: Seconds since the epoch.

    Returns:
        Whether there may be more to remove.
    """
    more = usage.remove_older(db, settings.usage_days, now)
    if settings.result_days is not None:
        more |= _results(db, now - settings.result_days * DAY_S)
    if settings.conversation_days is not None:
        more |= _conversations(db, now - settings.conversation_days * DAY_S)
    forgotten = now - settings.upload_days * DAY_S
    notices.forget(db, now)
    events.forget(db, now)
    more |= delivery_history.remove_older(db, now)
    more |= estimated.remove_older(db, forgotten, AT_ONCE)
    return more | _uploads(settings, db, forgotten)


def _results(db: Database, before: float) -> bool:
    """Delete jobs that ended so long ago, with their results."""
    ended = (
        sa.select(jobs.c.id)
        .where(jobs.c.status.not_in((*ACTIVE, JobStatus.DELETED)))
        .where(sa.func.coalesce(jobs.c.finished_at, jobs.c.created_at) < before)
        .order_by(jobs.c.created_at)
        .limit(AT_ONCE)
    )
    with db.read() as connection:
        found = connection.execute(ended).scalars().all()
    for job_id in found:
        log.info("job %s is older than results are kept: it is removed", job_id)
        control.delete(db, job_id)
    return len(found) == AT_ONCE


def _conversations(db: Database, before: float) -> bool:
    """Delete conversations in which nothing was said for so long, and questions as old."""
    silent = (
        sa.select(conversations.c.id)
        .where(conversations.c.updated_at < before)
        .order_by(conversations.c.updated_at)
        .limit(AT_ONCE)
    )
    with db.write() as connection:
        found = connection.execute(silent).scalars().all()
        connection.execute(messages.delete().where(messages.c.conversation_id.in_(found)))
        connection.execute(conversations.delete().where(conversations.c.id.in_(found)))
        connection.execute(gaps.delete().where(gaps.c.last_at < before))
    return len(found) == AT_ONCE


def _uploads(settings: Settings, db: Database, before: float) -> bool:
    """Remove uploads that no job has come of, or whose jobs are gone."""
    unused = (
        sa.select(uploads_table.c.id)
        .where(uploads_table.c.created_at < before)
        .where(~sa.exists().where(jobs.c.upload_id == uploads_table.c.id))
        .order_by(uploads_table.c.created_at)
        .limit(AT_ONCE)
    )
    with db.read() as connection:
        found = connection.execute(unused).scalars().all()
    for upload_id in found:
        try:
            uploads.remove(settings, db, upload_id)
        except (ShopkeeperError, OSError) as error:
            log.warning("upload %s could not be removed: %s", upload_id, error)
            return False
    return len(found) == AT_ONCE
