"""A row as its reviewer sees it: what was found, what a person made of it, what is doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batch.results import ResultRow
from core.schema import LOW_CONFIDENCE
from core.statuses import Review
from core.values import Value

UNSURE = "The model was unsure"
DIFFERS = "Differs from an earlier version"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person should look at a row.

    Attributes:
        field: The field that it is about; None: the whole row.
        reason: In words that many rows share.
        detail: What is special about this row; may be empty.
    """

    field: str | None
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier version of the job had found for the same row.

    Attributes:
        version: Which one.
        values: Only where it had something else; None where it had nothing.
    """

    version: int
    values: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A row to be reviewed.

    Attributes:
        result: Its cells and values as they are now.
        extracted: The values that the model gave, where a person has changed them since.
        reviewed_by: Who approved it or corrected it last.
        earlier: Where an earlier version disagrees; None where there is no such version.
    """

    result: ResultRow
    extracted: Mapping[str, Value] | None = None
    reviewed_by: str = ""
    reviewed_at: float | None = None
    earlier: Earlier | None = None

    @property
    def row_no(self) -> int:
        """1-based."""
        return self.result.row_no

    @property
    def approved(self) -> bool:
        """Whether a person says that it is right."""
        return self.result.review is Review.APPROVED

    @property
    def changed(self) -> frozenset[str]:
        """Fields in which a person has changed, added or cleared what the model gave."""
        return differing(self.result.values, self.extracted) if self.extracted is not None else _NO

    def doubts(self) -> list[Doubt]:
        """What has not been answered by a person yet, flags first."""
        if self.approved:
            return []
        changed = self.changed
        return [one for one in self._all() if one.field is None or one.field not in changed]

    def _all(self) -> Iterator[Doubt]:
        flagged = {flag.field for flag in self.result.flags}
        for flag in self.result.flags:
            yield Doubt(flag.field, flag.reason, flag.detail)
        for name, value in self.result.values.items():
            unsure = value.confidence is not None and value.confidence < LOW_CONFIDENCE
            if unsure and name not in flagged:
                yield Doubt(name, UNSURE)
        if self.earlier:
            for name, before in self.earlier.values.items():
                said = f"“{before.text()}”" if before else "nothing"
                yield Doubt(name, DIFFERS, f"version {self.earlier.version} had {said}")


_NO: frozenset[str] = frozenset()


def differing(ours: Mapping[str, Value], theirs: Mapping[str, Value]) -> frozenset[str]:
    """The fields in which two rows have another value, or only one of them has any."""
    return frozenset(
        name for name in {*ours, *theirs} if not same(ours.get(name), theirs.get(name))
    )


def same(one: Value | None, other: Value | None) -> bool:
    """Whether two values say the same; the order of a list says nothing."""
    if one is None or other is None:
        return one is other
    if isinstance(one.value, list) and isinstance(other.value, list):
        return sorted(one.value) == sorted(other.value)
    return one.value == other.value
