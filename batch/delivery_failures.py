"""The rows that a destination did not take, as a file for people."""

from __future__ import annotations

from batch import deliveries
from batch.csv_results import OURS, CsvLine
from core.db import Database

PAGE = 5_000


def failures_csv(db: Database, delivery_id: str) -> bytes:
    """Row, product and reason of each, as CSV in UTF-8 with a BOM."""
    line = CsvLine(OURS, guard=True)
    pieces, after = [line.start(), line(["row", "product", "reason"])], 0
    while found := deliveries.failures(db, delivery_id, after=after, limit=PAGE):
        pieces += [line([str(one.row_no), one.product_id, one.reason]) for one in found]
        after = found[-1].row_no
    return b"".join(pieces)
