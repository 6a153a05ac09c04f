"""What an endpoint is: a model server, what it can do, what it costs.

Which endpoints there are is :mod:`core.roster`'s business, and which of them
takes a call :mod:`core.pool`'s. ``python -m core.endpoints`` shows how they
are; ``--check`` asks each one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from core.statuses import Lane
from core.usage import Call, Tokens

OPENAI_URL = "https://api.openai.com/v1"
REMOTE_SLOTS = 16
#: What OpenAI takes in one batch: requests, and megabytes of its file.
BATCH_REQUESTS: int = 50_000
BATCH_MB: float = 200.0
#: What a call in a batch costs there, as a share of the usual price.
BATCH_PRICE: float = 0.5
BOTH_LANES = frozenset(Lane)


class Feature(StrEnum):
    """What a server can do beyond the common protocol."""

    JSON_SCHEMA = "json_schema"  #: keeps an answer to a JSON schema
    PRIORITY = "priority"  #: vLLM's: lower numbers first (``--scheduling-policy priority``)
    SERVICE_TIER = "service_tier"  #: OpenAI's: cheaper and slower for batch
    PROVIDER_BATCH = "provider_batch"  #: OpenAI's Batch API
    LOGPROBS = "logprobs"  #: tells how likely each token of an answer was
    ID_SLOT = "id_slot"  #: llama.cpp's: a call names its slot, which keeps its prefix


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server and one model on it.

    Attributes:
        slots: Calls it answers at the same time.
        reserve: Slots that batch leaves free, so that a person is served at once.
        beside_chat: Batch calls that go on while a person is answered; None: all.
        rpm: Requests it allows a minute; None: not limited.
        tpm: Tokens it allows a minute; None: not limited.
        input_price: Money for a million tokens read.
        output_price: Money for a million tokens written.
        cached_price: Money for a million tokens that it had read before; None: as input.
        batch_price: What a call costs in a batch of its provider, as a share of these prices.
        batch_requests: Requests that its provider takes in one batch.
        batch_mb: Megabytes that the file of one batch may have.
        currency: Of the prices, as three letters.
        lanes: Who may use it.
        supports: What it can do beyond the common protocol.
    """

    name: str
    base_url: str
    model: str
    api_key: SecretStr = field(default=SecretStr("none"), repr=False)
    slots: int = REMOTE_SLOTS
    reserve: int = 1
    beside_chat: int | None = None
    rpm: int | None = None
    tpm: int | None = None
    input_price: float = 0.0
    output_price: float = 0.0
    cached_price: float | None = None
    batch_price: float = BATCH_PRICE
    batch_requests: int = BATCH_REQUESTS
    batch_mb: float = BATCH_MB
    currency: str = "USD"
    lanes: frozenset[Lane] = BOTH_LANES
    supports: frozenset[Feature] = frozenset({Feature.JSON_SCHEMA})

    @property
    def batch_slots(self) -> int:
        """Slots that batch may use while no person is answered; one at the least."""
        return max(1, self.slots - self.reserve)

    @property
    def has_price(self) -> bool:
        """Whether its calls are known to cost something."""
        return bool(self.input_price or self.output_price)

    @property
    def is_openai(self) -> bool:
        """Whether OpenAI itself serves it: its models think, and refuse some settings."""
        return self.base_url.rstrip("/") == OPENAI_URL

    @property
    def pins_slots(self) -> bool:
        """Whether a call may name its slot."""
        return Feature.ID_SLOT in self.supports

    @property
    def offers_batches(self) -> bool:
        """Whether a job can be sent to its provider as batches."""
        return Feature.PROVIDER_BATCH in self.supports and Lane.BATCH in self.lanes

    def in_batches(self) -> Endpoint:
        """The same at the prices of its provider's batches."""
        cached = self.cached_price
        return replace(
            self,
            input_price=self.input_price * self.batch_price,
            output_price=self.output_price * self.batch_price,
            cached_price=None if cached is None else cached * self.batch_price,
        )

    def cost(self, tokens: Tokens) -> float:
        """What a call costs, in the endpoint's currency."""
        cached_price = self.input_price if self.cached_price is None else self.cached_price
        fresh = max(0, tokens.prompt - tokens.cached)
        return (
            fresh * self.input_price
            + tokens.cached * cached_price
            + tokens.completion * self.output_price
        ) / 1_000_000

    def call(self, lane: Lane, tokens: Tokens, outcome: str, **parts: Any) -> Call:
        """What a call here took, for the records; ``parts`` are more of :class:`Call`'s."""
        return Call(
            lane=lane,
            endpoint=self.name,
            model=self.model,
            tokens=tokens,
            outcome=outcome,
            cost=self.cost(tokens),
            **parts,
        )


if __name__ == "__main__":
    from core.endpoints_command import app

    app()
