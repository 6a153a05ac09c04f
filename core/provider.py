"""Batches at an endpoint's provider: OpenAI's Batch API (``/files`` and ``/batches``).

Tries everything once: whether to try again is the caller's decision, most of
all where a batch may have been created although the answer was lost. Knows
nothing of rows and jobs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

import httpx2
import openai

from core.endpoints import Endpoint
from core.errors import EndpointError, TimedOut, Unreachable
from core.model_client import LOOPBACK_URLS
from core.refusals import refusal
from core.remote_batch import RemoteBatch, remote_batch

CONNECT_S, ANSWER_S = 10.0, 60.0
#: What every request of a batch asks for.
URL: Final = "/v1/chat/completions"
#: Carries our name of a batch, by which it is found again there.
OURS = "shopkeeper"
PAGE = 100
#: What the provider says to somebody who cancels what has ended.
_TOO_LATE = frozenset({400, 404, 409, 422})


class Provider:
    """The provider of one endpoint; may be used by one thread at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._client = openai.OpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key.get_secret_value(),
            # The package would send a lost create again, and a file from where it had got to.
            max_retries=0,
            http_client=openai.DefaultHttpxClient(
                timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
                # A proxy of the environment is for the way out, not for this machine.
                trust_env=not endpoint.base_url.startswith(LOOPBACK_URLS),
            ),
        )

    def upload(self, name: str, file: IO[bytes]) -> str:
        """Send a file of requests; returns its id there.

        Raises:
            EndpointError: It was refused, failed, or could not be reached.
        """
        with self._told():
            return self._client.files.create(file=(name, file), purpose="batch").id

    def create(self, file_id: str, name: str) -> RemoteBatch:
        """Have a file of requests worked on.

        Args:
            name: Our name for the batch.

        Raises:
            EndpointError: As above; after a transient one it may have been created all the same.
        """
        with self._told():
            created = self._client.batches.create(
                input_file_id=file_id,
                endpoint=URL,
                completion_window="24h",
                metadata={OURS: name},
            )
        return remote_batch(created)

    def look(self, remote_id: str) -> RemoteBatch | None:
        """How a batch is; None when the provider does not know it.

        Raises:
            EndpointError: As above.
        """
        try:
            with self._told():
                return remote_batch(self._client.batches.retrieve(remote_id))
        except EndpointError as error:
            if error.status == httpx2.codes.NOT_FOUND:
                return None
            raise

    def find(self, name: str, since: float) -> list[RemoteBatch]:
        """The batches of this name of ours, the oldest first.

        Args:
            since: None was created before this moment, by the provider's clock.

        Raises:
            EndpointError: As above.
        """
        found: list[RemoteBatch] = []
        with self._told():
            for batch in self._client.batches.list(limit=PAGE):
                if batch.created_at < since:
                    break
                if (batch.metadata or {}).get(OURS) == name:
                    found.append(remote_batch(batch))
        return found[::-1]

    def check(self) -> None:
        """See that it serves batches with this key.

        Raises:
            EndpointError: It does not.
        """
        with self._told():
            self._client.batches.list(limit=1)

    def cancel(self, remote_id: str) -> None:
        """Have a batch given up; one that has ended meanwhile is left as it is.

        Raises:
            EndpointError: As above.
        """
        try:
            with self._told():
                self._client.batches.cancel(remote_id)
        except EndpointError as error:
            if error.status not in _TOO_LATE:
                raise

    def download(self, file_id: str) -> Iterator[bytes]:
        """A file's content in blocks; nothing when the provider does not know it.

        Raises:
            EndpointError: As above.
        """
        try:
            with (
                self._told(),
                self._client.files.with_streaming_response.content(file_id) as response,
            ):
                yield from response.iter_bytes()
        except EndpointError as error:
            if error.status != httpx2.codes.NOT_FOUND:
                raise

    def delete(self, file_id: str) -> None:
        """Remove a file; one that is not there any more is no matter.

        Raises:
            EndpointError: As above.
        """
        try:
            with self._told():
                self._client.files.delete(file_id)
        except EndpointError as error:
            if error.status != httpx2.codes.NOT_FOUND:
                raise

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says what the package raises in our words, which name the endpoint but never the key."""
        name = self.endpoint.name
        try:
            yield
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            raise TimedOut(f"{name} did not answer in time.") from error
        except openai.APIStatusError as error:
            wait = error.response.headers.get("retry-after")
            raise refusal(self.endpoint, error.status_code, _content(error), wait) from error
        except openai.APIConnectionError as error:
            raise Unreachable(f"{name} cannot be reached at {self.endpoint.base_url}.") from error
        except httpx2.HTTPError as error:
            raise EndpointError(f"{name} broke the connection.") from error
        except (openai.OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise EndpointError(
                f"{name} gave an answer that is not in the expected form."
            ) from error


def _content(error: openai.APIStatusError) -> bytes:
    try:
        return error.response.content
    except httpx2.StreamError:
        return error.message.encode()
