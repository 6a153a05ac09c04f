"""How the extraction of one row ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch.flags import Flag
from core.statuses import RowStatus
from core.usage import Call, Tokens
from core.values import Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the extraction of one row ended.

    Attributes:
        notes: What was noticed and corrected, in words.
        flags: Why a person should look at it; none for most rows.
        error: Why it failed; empty for a row that is done.
        reason: The kind of failure, in words that many rows share.
        raw: The model's answer where it could not be used.
        key: What went into it; see :mod:`batch.inputs`.
        product_type: What kind of product it is.
        text_key: Which product it is, where a person has approved its values.
        extracted: The model's own values, where approved ones have taken their place.
        model: Which model gave it.
        attempts: Calls it took; none where it was known already.
        tokens: Of all attempts together.
        total_ms: Time in calls, all attempts together.
        calls: Every call made for it, also those that were called back.
    """

    row_no: int
    status: RowStatus
    values: dict[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    error: str = ""
    reason: str = ""
    raw: str = ""
    key: bytes | None = None
    product_type: str = ""
    text_key: bytes | None = None
    extracted: Mapping[str, Value] | None = None
    model: str = ""
    attempts: int = 1
    tokens: Tokens = field(default_factory=Tokens)
    total_ms: float = 0.0
    calls: tuple[Call, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The lowest confidence of its values; None where the endpoint does not tell."""
        told = [one.confidence for one in self.values.values() if one.confidence is not None]
        return min(told, default=None)
