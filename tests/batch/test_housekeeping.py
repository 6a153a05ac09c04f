from __future__ import annotations

import io
import time

import sqlalchemy as sa

from batch import control, housekeeping, jobs, uploads
from batch.housekeeping import DAY_S
from core import chat_tables, schema
from core.db import Database
from core.settings import Settings
from core.statuses import GapKind, JobStatus
from rag import conversations, gaps
from tests.batch.conftest import MakeJob


def upload(settings: Settings, db: Database) -> str:
    return uploads.store(settings, db, "new.csv", io.BytesIO(b"id,title\n1,Tent\n")).id


def in_days(days: float) -> float:
    return time.time() + days * DAY_S


def stored(db: Database) -> set[str]:
    with db.read() as connection:
        return set(connection.execute(sa.select(schema.uploads.c.id)).scalars())


def test_uploads_that_no_job_needs_go_after_their_time(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    unused, used = upload(settings, db), make_job(1).upload_id
    housekeeping.tidy(settings, db, in_days(29))
    assert stored(db) == {unused, used}
    housekeeping.tidy(settings, db, in_days(31))
    assert stored(db) == {used}
    assert not uploads.folder(settings, unused).exists()


def test_results_are_kept_for_good_unless_a_setting_says_otherwise(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    control.cancel(db, job.id)
    housekeeping.tidy(settings, db, in_days(3000))
    assert [one.id for one in jobs.listing(db)] == [job.id]
    limited = settings.model_copy(update={"result_days": 90})
    housekeeping.tidy(limited, db, in_days(89))
    assert [one.id for one in jobs.listing(db)] == [job.id]
    housekeeping.tidy(limited, db, in_days(91))
    assert jobs.listing(db) == []


def test_a_job_that_has_not_ended_is_never_too_old(
    settings: Settings, db: Database, make_job: MakeJob
) -> None:
    job = make_job(1)
    limited = settings.model_copy(update={"result_days": 1})
    housekeeping.tidy(limited, db, in_days(100))
    assert jobs.get(db, job.id).status is JobStatus.QUEUED


def said(db: Database, title: str, at: float) -> None:
    """A conversation that ended then, with a question that could not be answered."""
    conversation = conversations.create(db, "a visitor", title)
    talk, told = chat_tables.conversations, chat_tables.messages
    with db.write() as connection:
        connection.execute(talk.update().where(talk.c.id == conversation.id).values(updated_at=at))
        connection.execute(
            told.insert().values(
                id=conversation.id,
                conversation_id=conversation.id,
                position=0,
                role="user",
                text="Do you have unicorns?",
                status="done",
                passages=[],
                timing={},
                created_at=at,
            )
        )
    gaps.record(db, f"Do you have unicorns, asks {title}?", GapKind.NOT_SOLD, now=at)


def left(db: Database) -> tuple[set[str], int, int]:
    """Titles of conversations, how many messages, how many unanswered questions."""
    with db.read() as connection:
        titles = set(connection.execute(sa.select(chat_tables.conversations.c.title)).scalars())
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (chat_tables.messages, chat_tables.gaps)
        ]
    return titles, counts[0], counts[1]


def test_conversations_are_kept_for_good_unless_a_setting_says_otherwise(
    settings: Settings, db: Database
) -> None:
    said(db, "old", in_days(0))
    said(db, "new", in_days(60))
    housekeeping.tidy(settings, db, in_days(3000))
    assert left(db) == ({"old", "new"}, 2, 2)
    limited = settings.model_copy(update={"conversation_days": 90})
    housekeeping.tidy(limited, db, in_days(89))
    assert left(db) == ({"old", "new"}, 2, 2)
    housekeeping.tidy(limited, db, in_days(91))
    assert left(db) == ({"new"}, 1, 1)


def test_many_old_conversations_go_a_few_at_a_time(settings: Settings, db: Database) -> None:
    for number in range(housekeeping.AT_ONCE + 1):
        said(db, f"c{number}", in_days(0))
    limited = settings.model_copy(update={"conversation_days": 90})
    assert housekeeping.tidy(limited, db, in_days(91)), "there is more"
    assert len(left(db)[0]) == 1
    assert not housekeeping.tidy(limited, db, in_days(91))
    assert left(db) == (set(), 0, 0)
