"""A job as a script wants to know it."""

from __future__ import annotations

import time
from typing import Any

from batch.jobs import Job


def summary(job: Job) -> dict[str, Any]:
    """What a script wants to know about a job."""
    ended = job.finished_at or time.time()
    return {
        "job": job.id,
        "name": job.name,
        "status": str(job.status),
        "reason": job.reason,
        "provider": job.provider,
        "rows": job.rows,
        "done": job.done,
        "failed": job.failed,
        "waiting": job.waiting,
        "calls": job.calls,
        "prompt_tokens": job.tokens.prompt,
        "completion_tokens": job.tokens.completion,
        "cost": round(job.cost, 6),
        "budget": job.budget.amount if job.budget else None,
        "currency": job.budget.currency if job.budget else None,
        "seconds": round(ended - job.started_at, 3) if job.started_at else 0.0,
    }
