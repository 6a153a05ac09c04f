"""A catalog at an address of the web, fetched anew only where it has changed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast
from urllib.parse import urljoin

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from batch.catalog_offer import Offer
from core import outbound
from core.errors import CatalogError, DestinationError, DestinationRefused
from core.settings import Settings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

#: For a connection, and for each wait while an answer comes.
ANSWER_S = 30.0
TRIES = 3
LONGEST_PAUSE_S = 10.0
MOST_MOVES = 5
BLOCK_BYTES = 1 << 16
#: Answers to a question about the file, which not every server takes, that say nothing of it.
_UNANSWERED = (400, 403, 405, 501)
_GONE = (404, 410)


class WebCatalog:
    """The catalog at one address.

    Args:
        settings: Whom the shop may ask.
        address: Beginning with https:// or http://.
    """

    def __init__(self, settings: Settings, address: str) -> None:
        self._settings = settings
        self._address = address

    def offers(self) -> list[Offer]:
        """The file, if it is there; its mark is what its server says of its version."""

        def asked(client: httpx.Client) -> list[Offer]:
            with _answer(client, "HEAD", self._address) as response:
                if response.status_code in _GONE:
                    return []
                if response.status_code in _UNANSWERED:
                    return [Offer(self._address, "", 0.0)]
                _check(response)
                return [Offer(self._address, _mark(response), _changed_at(response))]

        return self._tried(asked)

    def absent(self) -> str:
        """What is missing where no file is there, and what to do about it."""
        return f"There is no file at {self._shown}. Check the address."

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """The file, to be read from its beginning to its end."""
        with (
            outbound.client(self._settings, ANSWER_S) as client,
            _answer(client, "GET", path) as response,
        ):
            _check(response)
            yield cast(BinaryIO, io.BufferedReader(_Stream(response), BLOCK_BYTES))

    def _tried(self, ask: Callable[[httpx.Client], T]) -> T:
        passing = retry_if_exception(
            lambda error: isinstance(error, DestinationError) and error.transient
        )
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            retry=passing,
            wait=wait_random_exponential(max=LONGEST_PAUSE_S),
            reraise=True,
        )
        with outbound.client(self._settings, ANSWER_S) as client:
            return tries(ask, client)

    @property
    def _shown(self) -> str:
        """The address without what may be secret in it."""
        return self._address.partition("?")[0]


@contextmanager
def _answer(client: httpx.Client, method: str, address: str) -> Iterator[httpx.Response]:
    """What a server answers; where it says that the file has moved, it is followed."""
    for _ in range(MOST_MOVES + 1):
        with (
            outbound.in_words(address, ANSWER_S),
            client.stream(method, address, headers=_HEADERS) as response,
        ):
            if not response.has_redirect_location:
                yield response
                return
            following = urljoin(address, response.headers["location"])
        if address.startswith("https:") and not following.startswith("https:"):
            raise DestinationRefused(
                f"{outbound.host(address)} leads to an address without encryption."
            )
        address = following
    raise DestinationRefused(
        f"{outbound.host(address)} leads from one address to the next without end."
    )


_HEADERS = {"user-agent": "Shopkeeper", "accept": "text/csv, text/*;q=0.9, */*;q=0.5"}


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    message = f"{response.request.headers['host']} answered {status}"
    if status in _GONE:
        raise CatalogError(f"{message}: there is no file at this address.")
    if status in (401, 403):
        raise DestinationRefused(f"{message}: it does not let Shopkeeper in.", status=status)
    kind = DestinationError if status >= 500 or status in (408, 425, 429) else DestinationRefused
    raise kind(f"{message}.", status=status)


def _mark(response: httpx.Response) -> str:
    headers = response.headers
    told = headers.get("etag") or headers.get("last-modified")
    return f"{told} {headers.get('content-length', '')}".strip() if told else ""


def _changed_at(response: httpx.Response) -> float:
    try:
        return parsedate_to_datetime(response.headers["last-modified"]).timestamp()
    except (KeyError, ValueError):
        return 0.0


class _Stream(io.RawIOBase):
    """An answer as a file that is read once."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self._blocks = response.iter_bytes(BLOCK_BYTES)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._rest:
            self._rest = next(self._blocks, b"")
        view: Any = memoryview(cast(Any, buffer)).cast("B")
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)
