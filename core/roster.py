"""The roster: which endpoints are configured now.

Named in ``endpoints.toml``, else in the environment; with neither, the
embedded model. The file may change at any time.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from core import model_server, ports, tokens
from core.endpoint_file import read_endpoints
from core.endpoints import OPENAI_URL, REMOTE_SLOTS, Endpoint, Feature
from core.errors import SettingError
from core.settings import Settings

log = logging.getLogger(__name__)

OPENAI_MODEL = "gpt-5-mini"
EMBEDDED = "embedded"
#: Measured on 2 cores: 1, 2 and 3 batch calls at the same time gave 20.7, 19.3 and 18.2 rows a
#: minute, and each one more slows a person's answer down.
CORES_A_CALL = 2
#: Batch calls that the embedded model begins while it answers a person: they share its cores.
EMBEDDED_BESIDE_CHAT = 0
#: How often the file is looked at again.
LOOK_S = 1.0


class Roster:
    """The endpoints as they are configured now; safe to share between threads.

    Attributes:
        problem: Why the file's last change is not in use, for the person who
            made it; the endpoints before it stay in use. None when all is well.
    """

    def __init__(self, settings: Settings) -> None:
        self.problem: str | None = None
        self._settings = settings
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._stamp: tuple[int, int] | None = None
        self._found: tuple[Endpoint, ...] = ()

    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, in the order of the file; at least one.

        Raises:
            SettingError: They were never configured rightly.
            ServiceError: The embedded model is meant, and its server has not been started.
        """
        with self._lock:
            now = time.monotonic()
            if self._looked is None or now - self._looked >= LOOK_S:
                self._look()
                self._looked = now
            found = self._found
        return tuple(_located(self._settings, one) for one in found)

    def _look(self) -> None:
        stamp = _stamp(self._settings.endpoint_file)
        if self._found and stamp == self._stamp:
            return
        try:
            self._found, self.problem = configured(self._settings), None
        except SettingError as error:
            self.problem = error.message
            if not self._found:
                raise
            log.warning("the endpoints stay as they were: %s", error)
        self._stamp = stamp


def batch_endpoint(roster: Roster, name: str) -> Endpoint:
    """The endpoint of this name, if jobs can be sent to its provider as batches.

    Raises:
        SettingError: There is none, or its provider takes none.
    """
    for endpoint in roster.endpoints():
        if endpoint.name == name and endpoint.offers_batches:
            return endpoint
    raise SettingError(
        f"The endpoint “{name}”, to whose provider this job goes, is not there any more or does "
        "not offer batches: see `supports` in endpoints.toml, then resume the job."
    )


def configured(settings: Settings) -> tuple[Endpoint, ...]:
    """The endpoints that the settings name; the embedded one without its address.

    Raises:
        SettingError: A setting or the file is wrong.
    """
    embedded = _embedded(settings)
    if settings.endpoints is not None or settings.endpoint_file.exists():
        return read_endpoints(settings.endpoint_file, embedded, settings.variable)
    if settings.openai_api_key is None and settings.openai_base_url is None:
        return (embedded,)
    return (_from_environment(settings),)


def needs_embedded(settings: Settings) -> bool:
    """Whether the embedded model has to be served; a wrong configuration asks for nothing."""
    return _served_here(settings) is not None


def embedded_slots(settings: Settings) -> int:
    """Calls that the embedded model's server has to serve at once."""
    found = _served_here(settings)
    return found.slots if found else model_server.slots(settings)


def context_tokens(settings: Settings) -> int | None:
    """What the model that reads the least reads at once; None where no server tells."""
    return model_server.SLOT_TOKENS if needs_embedded(settings) else None


def _served_here(settings: Settings) -> Endpoint | None:
    # What is wrong is told at the start and on the page; here it must not stop the rest.
    with suppress(SettingError):
        return next((one for one in configured(settings) if not one.base_url), None)
    return None


def _embedded(settings: Settings) -> Endpoint:
    slots = model_server.slots(settings)
    return Endpoint(
        name=EMBEDDED,
        base_url="",
        model=settings.model,
        slots=slots,
        reserve=max(0, slots - max(1, model_server.cores() // CORES_A_CALL)),
        beside_chat=EMBEDDED_BESIDE_CHAT,
        supports=frozenset({Feature.JSON_SCHEMA, Feature.LOGPROBS, Feature.ID_SLOT}),
    )


def _located(settings: Settings, one: Endpoint) -> Endpoint:
    if one.base_url:
        return one
    base_url = f"http://{ports.LOOPBACK}:{ports.read(settings).model}/v1"
    return replace(one, base_url=base_url, api_key=tokens.model(settings))


def _from_environment(settings: Settings) -> Endpoint:
    base_url = settings.openai_base_url or OPENAI_URL
    if settings.openai_api_key is None and base_url == OPENAI_URL:
        raise SettingError("OPENAI_API_KEY is missing: OpenAI's own servers need one.")
    if settings.openai_model is None and base_url != OPENAI_URL:
        raise SettingError(
            f"OPENAI_MODEL is missing: name the model to use at {base_url} "
            "(its /v1/models page lists them)."
        )
    batches = {Feature.PROVIDER_BATCH} if base_url == OPENAI_URL else set()
    return Endpoint(
        name="openai" if base_url == OPENAI_URL else "remote",
        base_url=base_url,
        model=settings.openai_model or OPENAI_MODEL,
        api_key=settings.openai_api_key or SecretStr("none"),
        slots=settings.slots or REMOTE_SLOTS,
        supports=frozenset({Feature.JSON_SCHEMA} | batches),
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
