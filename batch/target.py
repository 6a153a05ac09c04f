"""What delivering knows of a place that takes products one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from batch.delivery_items import Item, ItemColumn


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken, and why."""

    row_no: int
    product_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of some items.

    Attributes:
        taken: How many are there now.
        changed: Of these, how many were not there like that before.
        refused: Those that were not taken.
        digests: Of those that are there now, where the place cannot be asked for them.
    """

    taken: int = 0
    changed: int = 0
    refused: tuple[Refusal, ...] = ()
    digests: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a delivery leaves with everything that it brings: which one it was."""

    delivery_id: str
    job_id: str


class Target(Protocol):
    """Takes products; every method raises a DestinationError when it cannot."""

    @property
    def at_once(self) -> int:
        """How many items it takes at once."""

    def prepare(self, columns: Sequence[ItemColumn]) -> None:
        """Make sure that items with these columns can be sent."""

    def pick(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that have to be sent: a place that cannot be asked is not told twice."""

    def send(self, items: Sequence[Item], mark: Mark, *, again: bool) -> Sent:
        """Send some items.

        Args:
            items: Each with another product id, at most :attr:`at_once`.
            mark: Which delivery it is.
            again: Whether this delivery may have sent these very items before it was
                interrupted; what it changed then counts as changed.
        """

    def close(self) -> None:
        """Let go of connections."""
