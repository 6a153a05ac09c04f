"""What it means when an endpoint answers with an error status, and when to come back.

In our words, which name the endpoint but never its key.
"""

from __future__ import annotations

import orjson

from core.endpoints import Endpoint
from core.errors import EndpointError, RateLimited, Refused

#: Statuses that no call escapes: the key, the address or the model is wrong.
HOPELESS_STATUSES = frozenset({401, 403, 404})
#: Statuses after which the same call may succeed: time-out, conflict, too early.
TRANSIENT_STATUSES = frozenset({408, 409, 425})
MESSAGE_CHARS = 300


def refusal(
    endpoint: Endpoint, status: int, content: bytes, retry_after: str | None = None
) -> EndpointError:
    """An error status in our words, which name the endpoint but never the key.

    Args:
        content: The body of the response.
        retry_after: Its header of this name.
    """
    wait_s = retry_after_s(retry_after)
    if status == 429:
        return RateLimited(f"{endpoint.name} is at its rate limit (429).", retry_after_s=wait_s)
    message = f"{endpoint.name} answered with an error ({status}): {_said(content)}"
    if status in HOPELESS_STATUSES:
        return Refused(message, status=status)
    transient = status >= 500 or status in TRANSIENT_STATUSES
    return EndpointError(message, status=status, transient=transient, retry_after_s=wait_s)


def _said(content: bytes) -> str:
    """What an error's body says, in a line."""
    try:
        text = str(orjson.loads(content)["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = content[:MESSAGE_CHARS].decode(errors="replace")
    return " ".join(text.split())[:MESSAGE_CHARS]


def retry_after_s(header: str | None) -> float | None:
    """What a Retry-After header asks for, in seconds; None where it names a date or nothing."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
