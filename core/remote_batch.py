"""A batch as its provider sees it: how far it is, its files there, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Pages show batches, and the openai package would take half a second of their start.
    from openai.types import Batch

TOKEN_LIMIT = "token_limit_exceeded"
_OPEN = frozenset({"validating", "in_progress", "finalizing"})
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a whole batch, in the provider's words.

    Attributes:
        line: Of its file, from 1, where one is to blame.
    """

    code: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as its provider sees it.

    Attributes:
        answered: Requests that have got an answer or an error.
        files: Its files there: what was sent, the answers, the errors.
    """

    id: str
    status: str
    answered: int
    input_file: str
    output_file: str | None
    error_file: str | None
    findings: tuple[Finding, ...] = ()

    @property
    def can_be_cancelled(self) -> bool:
        """Whether cancelling would change anything."""
        return self.status in _OPEN

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in _ENDED

    @property
    def files(self) -> tuple[str, ...]:
        """Everything of it that the provider keeps."""
        return tuple(filter(None, (self.input_file, self.output_file, self.error_file)))

    @property
    def met_token_limit(self) -> bool:
        """Whether the provider had too much of us at once to take it."""
        return any(one.code == TOKEN_LIMIT for one in self.findings)


def remote_batch(batch: Batch) -> RemoteBatch:
    """A batch as the provider's client tells of it."""
    counts = batch.request_counts
    errors = (batch.errors.data if batch.errors else None) or []
    return RemoteBatch(
        id=batch.id,
        status=str(batch.status),
        answered=(counts.completed or 0) + (counts.failed or 0) if counts else 0,
        input_file=batch.input_file_id,
        output_file=batch.output_file_id,
        error_file=batch.error_file_id,
        findings=tuple(Finding(one.code or "", one.message or "", one.line) for one in errors),
    )
