"""Data sets of queries with judged products, as TREC keeps them, and how good a ranking is.

A folder holds ``products.jsonl`` (an id and a title, more columns if there are any),
``queries.tsv`` (query id, text) and ``qrels.tsv`` (query id, iteration, product id,
relevance); a header line is recognised. The figures are trec_eval's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import orjson
import pytrec_eval

from core.errors import CatalogError
from core.products import Product
from rag.shop_csv import product_of_columns

PRODUCTS, QUERIES, QRELS = "products.jsonl", "queries.tsv", "qrels.tsv"
#: How deep a ranking is read.
DEPTH = 100
#: trec_eval's names, and ours.
MEASURES = {"ndcg_cut_10": "ndcg@10", "recall_10": "recall@10", "recip_rank": "mrr"}
_ASKED = {"ndcg_cut.10", "recall.10", "recip_rank"}

#: Product ids and how relevant they are to a query: 0 is not.
Judged = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Queries whose relevant products people have named.

    Attributes:
        queries: Text by query id.
        relevant: What was judged, by query id; a query without is not among them.
    """

    queries: Mapping[str, str]
    relevant: Mapping[str, Judged]

    def first(self, limit: int | None) -> Judgements:
        """So many of the queries at most."""
        return replace(self, queries=dict(islice(self.queries.items(), limit)))


def read_judgements(folder: Path) -> Judgements:
    """Read ``queries.tsv`` and ``qrels.tsv``.

    Raises:
        CatalogError: A file is missing or malformed; file and line are named.
    """
    queries = _queries(folder / QUERIES)
    relevant = _qrels(folder / QRELS, queries)
    judged = {id: found for id, found in relevant.items() if any(found.values())}
    if not judged:
        raise CatalogError(f"{QRELS} names no relevant product for any query of {QUERIES}.")
    return Judgements({id: queries[id] for id in queries if id in judged}, judged)


def read_products(path: Path) -> tuple[Product, ...]:
    """Read products, one JSON object a line; columns are known by the names a CSV may have.

    Raises:
        CatalogError: The file is missing or malformed; the line is named.
    """
    found: dict[str, Product] = {}
    for number, line in _lines(path):
        try:
            columns = orjson.loads(line)
            item = product_of_columns({str(name): _cell(cell) for name, cell in columns.items()})
        except (orjson.JSONDecodeError, AttributeError) as error:
            raise _wrong(path, number, "is not a JSON object") from error
        if item is None:
            raise _wrong(path, number, "has no id or no title")
        found[item.id] = item
    if not found:
        raise CatalogError(f"{path.name} is empty.")
    return tuple(found.values())


def figures(relevant: Judged, ranked: Sequence[str]) -> dict[str, float]:
    """nDCG@10, recall@10 and the reciprocal rank of one ranking of product ids, best first."""
    run = {id: float(len(ranked) - rank) for rank, id in enumerate(ranked)}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": dict(relevant)}, _ASKED)
    # It leaves out queries for which nothing was found.
    measured = evaluator.evaluate({"q": run}).get("q", {}) if run else {}
    return {ours: float(measured.get(theirs, 0.0)) for theirs, ours in MEASURES.items()}


def _queries(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in _lines(path):
        id, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise _wrong(path, number, "needs a query id, a tab and the query")
        if number == 1 and _is_header(id):
            continue
        if id.strip() in found:
            raise _wrong(path, number, f"has the query id {id.strip()} a second time")
        found[id.strip()] = text.strip()
    if not found:
        raise CatalogError(f"{path.name} holds no queries.")
    return found


def _qrels(path: Path, queries: Mapping[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        parts = line.split("\t") if "\t" in line else line.split()
        if len(parts) != 4:
            raise _wrong(path, number, "needs 4 columns: query id, 0, product id, relevance")
        query, _, product, grade = (part.strip() for part in parts)
        if number == 1 and _is_header(query):
            continue
        try:
            found.setdefault(query, {})[product] = int(float(grade))
        except ValueError as error:
            raise _wrong(path, number, f"has “{grade}” for a relevance") from error
        if query not in queries:
            raise _wrong(path, number, f"judges query {query}, which {QUERIES} does not have")
    return found


def _is_header(first: str) -> bool:
    name = first.strip().lower().replace("-", "_").lstrip("#")
    return name in {"id", "qid", "query_id", "queryid", "query", "topic"}


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path.name} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _wrong(path: Path, number: int, what: str) -> CatalogError:
    return CatalogError(f"{path.name}, line {number} {what}.", row=number)
