"""Posts to an address of somebody else's, signed as the Standard Webhooks specification says.

The receiver checks the signature with the secret that both know, and does what
it is told once for each key, however often it hears of it. Knows nothing of
what it is told.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from standardwebhooks import Webhook
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from core import outbound
from core.errors import DestinationError, DestinationRefused, SettingError
from core.settings import Settings

#: How often and how long one post is tried, in all.
TRIES = 5
TRIED_S = 60.0
#: For a connection, and for each wait while an answer comes.
ANSWER_S = 10.0
LONGEST_PAUSE_S = 20.0
#: What of an answer is read, and for how long at most.
READ_BYTES, READ_S = 2_000, 5.0
#: What of it is repeated to people.
SHOWN_CHARACTERS = 200
#: Refusals that another try may overcome; every other one of 300 to 499 is for good.
PASSING = (408, 409, 425, 429)


def new_secret() -> str:
    """A signing secret, as the specification writes it."""
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def send(
    settings: Settings,
    url: str,
    payload: bytes,
    *,
    secret: str,
    key: str,
    content_type: str = "application/json",
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Post something until it is taken: anything of 200 to 299 means that it is.

    Args:
        settings: Which addresses are closed.
        url: Where to; only http and https.
        payload: UTF-8.
        secret: A signing secret: see :func:`new_secret`.
        key: The same whenever the same thing is said: who has heard it need not act again.
        content_type: Of the payload.
        pause: Waits between tries, in seconds.

    Raises:
        DestinationRefused: It will not be taken, however often it is tried.
        DestinationError: It was not taken, in any of the tries.
    """
    signer = _signer(secret)
    tries = Retrying(
        stop=stop_after_attempt(TRIES) | stop_before_delay(TRIED_S),
        retry=retry_if_exception(_passes),
        wait=_wait,
        sleep=pause,
        reraise=True,
    )
    with outbound.client(settings, ANSWER_S) as client:
        tries(_post, client, url, payload, signer, key, content_type)


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as error:
        raise SettingError(
            "The signing secret is not one: it must look like whsec_ and Base64 after it. "
            "Renew it where the destination is set up."
        ) from error


def _post(
    client: httpx.Client, url: str, payload: bytes, signer: Webhook, key: str, content_type: str
) -> None:
    now = datetime.now(UTC)
    headers = {
        "content-type": content_type,
        "user-agent": "Shopkeeper",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        # Signed anew for each try: receivers take no signature that is minutes old.
        "webhook-signature": signer.sign(key, now, payload.decode()),
    }
    with (
        outbound.in_words(url, ANSWER_S),
        client.stream("POST", url, content=payload, headers=headers) as response,
    ):
        if not response.is_success:
            raise _refusal(response)


def _refusal(response: httpx.Response) -> DestinationError:
    """What an answer that is not a yes means."""
    status = response.status_code
    host = response.request.headers["host"]
    if response.is_redirect:
        return DestinationRefused(
            f"{host} answered that it has moved ({status}), and what is sent does not follow. "
            "Enter the new address.",
            status=status,
        )
    said = _said(response)
    message = f"{host} answered {status}{f': {said}' if said else ''}.{_advice(status)}"
    if status < 500 and status not in PASSING:
        return DestinationRefused(message, status=status)
    return DestinationError(message, status=status, retry_after_s=_retry_after(response))


def _advice(status: int) -> str:
    """What whoever reads of an answer can do about it."""
    if status in (401, 403):
        return " It takes nothing that is signed like this: check the signing secret there."
    if status in (404, 410):
        return " There is nothing at this address: check it."
    if status >= 500:
        return " The program there has a problem: whoever runs it can see which."
    return ""


def _said(response: httpx.Response) -> str:
    """The beginning of an answer, as one line of text."""
    read, deadline = b"", time.monotonic() + READ_S
    for piece in response.iter_raw(READ_BYTES):
        read += piece
        if len(read) >= READ_BYTES or time.monotonic() > deadline:
            break
    words = "".join(
        letter if letter.isprintable() else " " for letter in read.decode("utf-8", "replace")
    )
    return " ".join(words.split())[:SHOWN_CHARACTERS].rstrip(".")


def _retry_after(response: httpx.Response) -> float | None:
    """How long it asks us to stay away, in seconds; it may name a moment instead."""
    said = response.headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return None


def _passes(error: BaseException) -> bool:
    return isinstance(error, DestinationError) and error.transient


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_s if isinstance(error, DestinationError) else None
    return asked if asked is not None else float(_GROWING(state))


_GROWING = wait_random_exponential(multiplier=1.0, max=LONGEST_PAUSE_S)
