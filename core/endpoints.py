"""The pool: which model endpoints there are and how many calls each takes at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretStr

from core import model_server, ports
from core.errors import SettingError
from core.settings import Settings

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_MODEL = "gpt-5-mini"
REMOTE_SLOTS = 16


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server and one model on it.

    Attributes:
        slots: Calls it answers at the same time.
        reserve: Slots that batch leaves free, so that a person is served at once.
        pins_slots: Whether a call may name its slot (llama.cpp's ``id_slot``),
            which keeps that slot's prompt prefix cached.
    """

    name: str
    base_url: str
    model: str
    api_key: SecretStr = field(default=SecretStr("none"), repr=False)
    slots: int = REMOTE_SLOTS
    reserve: int = 1
    pins_slots: bool = False

    @property
    def batch_slots(self) -> int:
        """Slots that batch may use at the same time; one at the least."""
        return max(1, self.slots - self.reserve)


def endpoint(settings: Settings) -> Endpoint:
    """The endpoint that serves both lanes.

    Raises:
        SettingError: The settings name an endpoint but not enough of it.
        ServiceError: The embedded model is meant, and its server has not been started.
    """
    if settings.embedded:
        return Endpoint(
            name="embedded",
            base_url=f"http://127.0.0.1:{ports.read(settings).model}/v1",
            model=settings.model,
            slots=model_server.slots(settings),
            pins_slots=True,
        )
    return _named_endpoint(settings)


def _named_endpoint(settings: Settings) -> Endpoint:
    base_url = settings.openai_base_url or OPENAI_URL
    if settings.openai_api_key is None and base_url == OPENAI_URL:
        raise SettingError("OPENAI_API_KEY is missing: OpenAI's own servers need one.")
    if settings.openai_model is None and base_url != OPENAI_URL:
        raise SettingError(
            f"OPENAI_MODEL is missing: name the model to use at {base_url} "
            "(its /v1/models page lists them)."
        )
    slots = settings.slots or REMOTE_SLOTS
    return Endpoint(
        name="openai" if base_url == OPENAI_URL else "remote",
        base_url=base_url,
        model=settings.openai_model or OPENAI_MODEL,
        api_key=settings.openai_api_key or SecretStr("none"),
        slots=slots,
    )
