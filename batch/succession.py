"""Who goes on with what workers have begun that are dead, have left, or were of another version.

Speaks to the engine (DBOS) about its workflows, whose names begin with their
job's. Any number of workers may do this at once: each step is guarded.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from dbos import DBOS

from batch import delivery_runs, runs
from batch.crew import Member
from batch.post import Post
from batch.schedule_workflows import PREFIXES
from core.db import Database

log = logging.getLogger(__name__)

UNFINISHED = ["PENDING", "ENQUEUED", "DELAYED"]


def take_over(post: Post, living: Callable[[], Collection[Member]]) -> None:
    """Give the work of workers that are gone back to the queue, for any of us.

    Args:
        post: This worker's place.
        living: Tells which workers live.
    """
    held = DBOS.list_workflows(
        status="PENDING", app_version=post.version, load_input=False, load_output=False
    )
    # Asked only now: whoever had begun something by then has joined the crew before.
    ours = {one.name for one in living() if one.version == post.version} | {post.name}
    gone = {str(one.executor_id) for one in held} - ours
    if gone:
        log.info("taking over from %s", ", ".join(sorted(gone)))
        # Only what they still have: never from one who was handed it meanwhile.
        DBOS._recover_pending_workflows(sorted(gone))


def begin_anew(
    db: Database, post: Post, living: Collection[Member], take_leave: Callable[[str], None]
) -> None:
    """Begin another run of jobs whose run only workers of versions that are gone could end.

    Args:
        db: Our tables.
        post: This worker's place.
        living: The workers that live; with those that are left of a version, its runs go on.
        take_leave: Has what a deleted job has at its provider cancelled.
    """
    versions = {one.version for one in living} | {post.version}
    known = {one["version_name"] for one in DBOS.list_application_versions()}
    if not known - versions:
        return
    stranded = DBOS.list_workflows(
        status=UNFINISHED,
        app_version=sorted(known - versions),
        load_input=False,
        load_output=False,
    )
    names = [one.workflow_id for one in stranded]
    of_jobs = [name for name in names if not name.startswith(PREFIXES)]
    # Runs of schedules are taken up anew by themselves: see schedule_keeper.
    belong = {tuple(name.split("-")[:2]) for name in of_jobs}
    for job_id, run in sorted(belong):
        if run.isdigit() and runs.begin_next(db, job_id, int(run)):
            log.info("job %s run %s was another version's: beginning the next", job_id, run)
        elif run.isdigit() and delivery_runs.begin_next(db, job_id, int(run)):
            log.info("delivery %s run %s was another version's: going on with it", job_id, run)
    # Only now: whoever dies in between leaves something to be found again.
    if names:
        DBOS.delete_workflows(names)
    for job_id, run in sorted(belong):
        if not run.isdigit():
            take_leave(job_id)
