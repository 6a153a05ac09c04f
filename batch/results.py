"""One row of a catalog and what was extracted from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batch.flags import Flag
from core.statuses import Review
from core.values import Value


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a catalog and what was extracted from it.

    Attributes:
        row_no: 1-based data row.
        original: The merchant's cells by column.
        status: ``done``, ``failed`` or ``waiting``.
        values: By field name.
        error: Why it failed, for the merchandiser.
        notes: What was doubted about its values.
        raw: The model's answer where it could not be used.
        product_type: What kind of product it is; empty where no column says.
        review: What a person has to do with it, or has done.
        flags: Why a person should look at it.
        confidence: The lowest of its values' confidences; None where it is not known.
        revision: Raised with every change by a person.
    """

    row_no: int
    original: Mapping[str, str]
    status: str
    values: Mapping[str, Value]
    error: str = ""
    notes: tuple[str, ...] = ()
    raw: str = ""
    product_type: str = ""
    review: Review = Review.NONE
    flags: tuple[Flag, ...] = ()
    confidence: float | None = None
    revision: int = 0
