from __future__ import annotations

import csv
import io

from core import products
from core.db import Database
from core.formulas import runs
from core.products import Product
from core.settings import SAMPLE
from core.statuses import GapKind
from rag import documents, gap_reports, gaps
from tests.payloads import FORMULAS


def test_gaps_are_a_file_that_a_spreadsheet_opens_safely(db: Database) -> None:
    products.publish(db, [Product("t1", "Tent, green")])
    documents.publish_documents(db, SAMPLE / "policies" / "returns.md")
    near = ["product:t1", "product:gone", "policy:returns#2", "policy:returns#3"]
    gaps.record(db, "Is it fireproof?", GapKind.NO_FACT, missing="fireproof", nearest=near)
    for _ in range(2):
        gaps.record(db, '=HYPERLINK("http://x")', GapKind.NOT_SOLD)
    text = gap_reports.as_csv(db, gaps.listing(db))
    assert text.startswith("\ufeff")
    first, second = csv.DictReader(io.StringIO(text[1:]))
    assert (first["question"], first["asked"]) == ('\'=HYPERLINK("http://x")', "2")
    assert second["nearest"] == "Tent, green; Returns and Exchanges"
    assert (second["kind"], second["missing"], second["status"]) == ("no_fact", "fireproof", "open")
    assert second["first"].endswith("+00:00")


def test_no_question_of_a_shopper_is_run_by_a_spreadsheet(db: Database) -> None:
    for text in FORMULAS:
        gaps.record(db, f"{text} tent?", GapKind.NO_FACT, missing=text)
    rows = list(csv.DictReader(io.StringIO(gap_reports.as_csv(db, gaps.listing(db))[1:])))
    assert len(rows) > 6, "those that differ by spaces alone are the same question"
    for row in rows:
        assert not any(runs(cell) for cell in row.values())
