"""What a release does to a product: as it is on sale, and as it is to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.products import Product


class ChangeKind(StrEnum):
    """What a release does to a product."""

    NEW = "new"  #: it was not on sale
    CHANGED = "changed"  #: it is on sale with other facts
    LEAVING = "leaving"  #: it goes off sale
    SAME = "same"  #: it is on sale just so


@dataclass(frozen=True, slots=True)
class Change:
    """What a release does to one product: as it is on sale, and as it is to be."""

    product_id: str
    before: Product | None
    after: Product | None

    def to_json(self) -> dict[str, Any]:
        """The form kept in a release's report."""
        before, after = (one and one.to_json() for one in (self.before, self.after))
        return {"product_id": self.product_id, "before": before, "after": after}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Change:
        """Rebuild a change from :meth:`to_json`."""
        before, after = (
            Product.from_json(stored[name]) if stored[name] else None
            for name in ("before", "after")
        )
        return cls(stored["product_id"], before, after)

    @property
    def kind(self) -> ChangeKind:
        """What kind of change it is."""
        if self.after is None:
            return ChangeKind.LEAVING if self.before else ChangeKind.SAME
        if self.before is None:
            return ChangeKind.NEW
        return ChangeKind.SAME if same(self.before, self.after) else ChangeKind.CHANGED


def same(one: Product | None, other: Product | None) -> bool:
    """Whether shoppers see the same: whoever published it, and in which version."""
    return (one and _seen(one)) == (other and _seen(other))


def _seen(item: Product) -> dict[str, Any]:
    price = None if item.price is None else float(item.price)
    return item.to_json() | {"price": price, "source": "", "version": 0, "deleted": False}
