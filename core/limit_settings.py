"""What may be asked of the shop at most, as far as it is a setting.

Fields of :class:`core.settings.Settings`; what they mean for whom is told in
:mod:`core.limits`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LimitSettings(BaseModel):
    """Limits on questions, answers, pages, files and jobs."""

    model_config = ConfigDict(frozen=True)

    upload_limit_mb: int = Field(default=1024, ge=1, validation_alias="SHOPKEEPER_UPLOAD_LIMIT_MB")
    job_rows: int | None = Field(default=None, ge=1, validation_alias="SHOPKEEPER_JOB_ROWS")
    job_budget: float | None = Field(default=None, gt=0, validation_alias="SHOPKEEPER_JOB_BUDGET")
    questions_a_minute: int = Field(
        default=12, ge=1, validation_alias="SHOPKEEPER_QUESTIONS_A_MINUTE"
    )
    address_questions_a_minute: int = Field(
        default=120, ge=1, validation_alias="SHOPKEEPER_ADDRESS_QUESTIONS_A_MINUTE"
    )
    question_chars: int = Field(
        default=1000, ge=20, le=10_000, validation_alias="SHOPKEEPER_QUESTION_CHARS"
    )
    visitor_answers: int = Field(default=2, ge=1, validation_alias="SHOPKEEPER_VISITOR_ANSWERS")
    answers: int = Field(default=64, ge=1, validation_alias="SHOPKEEPER_ANSWERS")
    waiting: int = Field(default=100, ge=0, validation_alias="SHOPKEEPER_WAITING")
    pages: int = Field(default=400, ge=1, validation_alias="SHOPKEEPER_PAGES")
    address_pages: int = Field(default=100, ge=1, validation_alias="SHOPKEEPER_ADDRESS_PAGES")
