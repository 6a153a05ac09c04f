"""What happened, in the words of those who work with it."""

from __future__ import annotations

from batch import destinations, jobs, schedules
from batch.jobs import Job
from batch.review_filters import MOST_COUNTED, to_look_at
from core.db import Database
from core.errors import JobError, NotFoundError
from core.events import Event, EventKind
from core.notices import NoticeKind, Told

#: Of a name or a reason; both may be as long as somebody likes.
LONGEST_NAME, LONGEST_REASON = 80, 1_000


def told(db: Database, event: Event) -> Told | None:
    """The notice of an event; None where nobody need hear of it."""
    match event.kind:
        case EventKind.JOB_DONE | EventKind.JOB_FAILED | EventKind.JOB_BUDGET:
            try:
                return _of_job(db, jobs.get(db, event.subject), event)
            except JobError:
                # Deleted meanwhile: there is nothing to lead to.
                return None
        case EventKind.DELIVERY_DONE | EventKind.DELIVERY_FAILED:
            return _of_delivery(db, event)
        case EventKind.SCHEDULE_FAILED:
            return _of_schedule(db, event)
        case _:
            return None


def _of_job(db: Database, job: Job, event: Event) -> Told:
    name, link = _quoted(job.name), f"jobs?job={job.id}"
    if event.kind is EventKind.JOB_DONE:
        return _ended(db, job, name)
    reason = _reason(event)
    if event.kind is EventKind.JOB_FAILED:
        return Told(NoticeKind.FAILED, f"{name} was stopped by a problem", reason, link)
    return Told(NoticeKind.BUDGET, f"{name} has used up its budget", reason, link)


def _ended(db: Database, job: Job, name: str) -> Told:
    to_review = to_look_at(db, job)
    counts = [f"{job.done:,} of {_rows(job.rows)} done"]
    if job.failed:
        counts.append(f"{job.failed:,} failed")
    text = f"{', '.join(counts)}."
    if not to_review:
        return Told(NoticeKind.ENDED, f"{name} is finished", text, f"jobs?job={job.id}")
    # Counting stops there, however many there are.
    many = "at least " if to_review >= MOST_COUNTED else ""
    wait = "waits" if to_review == 1 else "wait"
    title = f"{name} is finished: {many}{_rows(to_review)} {wait} for review"
    return Told(NoticeKind.REVIEW, title, text, f"review?job={job.id}")


def _of_delivery(db: Database, event: Event) -> Told | None:
    """One that arrived whole is no news."""
    left_out = int(event.details.get("failed", 0))
    if event.kind is EventKind.DELIVERY_DONE and not left_out:
        return None
    try:
        name = _quoted(destinations.get(db, str(event.details.get("destination_id"))).name)
    except NotFoundError:
        # Removed meanwhile, and nobody waits for what it should have got.
        return None
    if event.kind is EventKind.DELIVERY_FAILED:
        title, text = f"A delivery to {name} failed", _reason(event)
    else:
        title = f"A delivery to {name} left out {_rows(left_out)}"
        text = f"{int(event.details.get('sent', 0)):,} were delivered."
    return Told(NoticeKind.DELIVERY, title, text, "destinations")


def _of_schedule(db: Database, event: Event) -> Told | None:
    schedule = schedules.find(db, event.subject)
    if schedule is None:
        return None
    title = f"The schedule {_quoted(schedule.name)} failed"
    return Told(NoticeKind.SCHEDULE, title, _reason(event), "schedules")


def _reason(event: Event) -> str:
    return _cut(str(event.details.get("reason", "")), LONGEST_REASON)


def _quoted(name: str) -> str:
    return f"“{_cut(' '.join(name.split()), LONGEST_NAME)}”"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
