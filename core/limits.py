"""What may be asked of the shop at most: questions, answers, pages, files and jobs.

One object from the settings. Knows neither who counts nor what happens beyond a limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.roles import Role
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one job of somebody may be at most.

    Attributes:
        rows: Rows of its catalog; None: any number.
        budget: What it may cost, in the currency of the models that read it; None: anything.
    """

    rows: int | None = None
    budget: float | None = None


#: Those of who answers for the shop.
UNLIMITED = JobLimits()


@dataclass(frozen=True, slots=True)
class Limits:
    """What everybody may do at most.

    Attributes:
        questions: Questions of one visitor within a minute.
        address_questions: Questions from one address within a minute, of all its visitors.
        question_chars: Length of a question.
        visitor_answers: Answers being made for one visitor at the same time.
        answers: Answers that models write at the same time for one web app.
        waiting: Questions that wait for their turn, for a search as for a model.
        pages: Pages of one web app that are open at the same time.
        address_pages: Of these, from one address.
        upload_mb: Size of a catalog.
        jobs: What a merchandiser's job may be; an administrator's may be anything.
    """

    questions: int
    address_questions: int
    question_chars: int
    visitor_answers: int
    answers: int
    waiting: int
    pages: int
    address_pages: int
    upload_mb: int
    jobs: JobLimits

    def of_jobs(self, role: Role) -> JobLimits:
        """What a job of somebody in this role may be."""
        return UNLIMITED if role.reaches(Role.ADMINISTRATOR) else self.jobs


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings name."""
    return Limits(
        questions=settings.questions_a_minute,
        address_questions=settings.address_questions_a_minute,
        question_chars=settings.question_chars,
        visitor_answers=settings.visitor_answers,
        answers=settings.answers,
        waiting=settings.waiting,
        pages=settings.pages,
        address_pages=settings.address_pages,
        upload_mb=settings.upload_limit_mb,
        jobs=JobLimits(settings.job_rows, settings.job_budget),
    )
