"""What a shopper is told when no answer could be written, and why."""

from __future__ import annotations

import openai

from core.errors import (
    AnswerError,
    EndpointError,
    ModelError,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
)
from core.refusals import HOPELESS_STATUSES, TRANSIENT_STATUSES, retry_after_s

KEPT = "What was found in the shop is shown."
CLOSED = f"No answers are written just now; the shop has paused its models. {KEPT}"


def readable(error: openai.OpenAIError) -> ModelError:
    """The same failure in a shopper's words."""
    if isinstance(error, openai.RateLimitError):
        return RateLimited(
            f"Too many questions at once: the answer could not be written. {KEPT} "
            "Please try again in a minute.",
            retry_after_s=retry_after_s(error.response.headers.get("retry-after")),
        )
    if isinstance(error, openai.APIStatusError):
        return _status_error(error)
    if isinstance(error, openai.APITimeoutError):
        return TimedOut(f"The answer took too long and was given up. {KEPT} Please ask again.")
    if isinstance(error, openai.APIConnectionError):
        return Unreachable(starting())
    return AnswerError(f"The answer could not be read. {KEPT} Please ask again.")


def _status_error(error: openai.APIStatusError) -> EndpointError:
    status = error.status_code
    told = f"The answer could not be written just now ({status}). {KEPT}"
    if status in HOPELESS_STATUSES:
        reason = "The model is not set up correctly; the shop has to be told."
        return Refused(f"{told} {reason}", status=status)
    return EndpointError(
        f"{told} Please try again.",
        status=status,
        transient=status >= 500 or status in TRANSIENT_STATUSES,
        retry_after_s=retry_after_s(error.response.headers.get("retry-after")),
    )


def starting() -> str:
    """What is said while no connection can be made."""
    return (
        f"The answer could not be written just now: the model is starting. {KEPT} "
        "Please try again in a moment."
    )
