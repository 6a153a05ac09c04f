"""Gaps for people: as a file, with the names of what was nearest, and tried once more."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from core import products
from core.db import Database
from core.formulas import harmless
from rag import documents
from rag.gaps import Gap
from rag.golden import Answered

COLUMNS = ("question", "asked", "kind", "missing", "nearest", "status", "first", "last")


def titles(db: Database, ids: Iterable[str]) -> dict[str, str]:
    """What products and documents are called, by their ids as passages have them."""
    wanted = list(dict.fromkeys(ids))
    keys = [id.removeprefix("product:") for id in wanted if id.startswith("product:")]
    names = [_document(id) for id in wanted if id.startswith("policy:")]
    things, texts = products.get(db, keys), documents.get(db, names)
    found = {f"product:{key}": item.title for key, item in things.items()}
    return found | {
        id: texts[_document(id)].title
        for id in wanted
        if id.startswith("policy:") and _document(id) in texts
    }


def as_csv(db: Database, found: Sequence[Gap]) -> str:
    """Gaps as a CSV that a spreadsheet opens; the most asked first, as they are given."""
    named = titles(db, [id for gap in found for id in gap.nearest])
    target = io.StringIO()
    target.write("\ufeff")  # or a spreadsheet would not take it for UTF-8
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for gap in found:
        near = "; ".join(dict.fromkeys(named[id] for id in gap.nearest if id in named))
        texts = (harmless(gap.question), gap.times, gap.kind, harmless(gap.missing), harmless(near))
        writer.writerow([*texts, gap.status, _moment(gap.first_at), _moment(gap.last_at)])
    return target.getvalue()


def said_now(answered: Answered) -> tuple[str, ...]:
    """The titles of what the shop answers with now; empty where it still cannot."""
    if answered.refused:
        return ()
    return tuple(dict.fromkeys(passage.title for passage in answered.passages))


def _document(id: str) -> str:
    return id.removeprefix("policy:").rpartition("#")[0]


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
