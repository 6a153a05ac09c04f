"""``python -m rag evaluate``: how well the shop searches and answers, on known questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from core import ports
from core.chat_lane import ChatLane
from core.console import bar, notes, print_json, reported
from core.errors import CatalogError
from core.pool import open_pool
from core.products import Product
from core.programs import Service
from core.roster import needs_embedded
from core.settings import SAMPLE, load_settings
from rag.cases import CASES, Case, read_cases
from rag.chain import open_counter
from rag.embedding import Embedder
from rag.evaluation import Part, Ranked, measure_answers, measure_ranking, ranking
from rag.evaluation_figures import answers_json, rankings_json
from rag.evaluation_report import report_answers, report_rankings, report_verdict
from rag.index import Index
from rag.live_mirror import LiveMirror
from rag.relevance import PRODUCTS, QUERIES, Judgements, read_judgements, read_products
from rag.retriever import Retriever
from rag.sample_shop import sample_products
from rag.trial_shop import TrialShop, trial_shop
from rag.verdict import Verdict

#: Where nobody listens: what is asked there fails at once.
NOWHERE = {"openai_base_url": "http://127.0.0.1:9/v1", "openai_model": "none", "endpoints": None}


def evaluate_command(
    data: Annotated[
        Path,
        typer.Option(
            help="Folder with products.jsonl, queries.tsv and qrels.tsv, with cases.jsonl, or both."
        ),
    ] = SAMPLE,
    part: Annotated[
        list[Part] | None,
        typer.Option(help="Only rank queries.tsv, by this part of the search; may be repeated."),
    ] = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Ask no model: judge what is shown without it.")
    ] = False,
    kind: Annotated[str | None, typer.Option(help="Only cases of this kind.")] = None,
    half: Annotated[str | None, typer.Option(help="Only the half “tune” or “held out”.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Queries and cases at most.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Measure searching and answering in a shop that exists only meanwhile.

    Without products of its own, a folder's questions are asked of the sample shop.
    """
    with reported():
        _check(data)
        queries = part or ((data / QUERIES).exists() and kind is None and half is None)
        judged = read_judgements(data).first(limit) if queries else None
        answered = not part and (data / CASES).exists()
        cases = _chosen(data, kind, half, limit) if answered else []
        # Data alone goes to standard output.
        console = notes if as_json else Console()
        result: dict[str, Any] = {"data": str(data)}
        with _open(data, asked=bool(cases) and not no_model) as shop:
            if judged:
                ranked = {str(one): _rank(shop, one, judged) for one in part or [Part.HYBRID]}
                report_rankings(console, ranked)
                result["retrieval"] = {name: rankings_json(one) for name, one in ranked.items()}
            if cases:
                verdicts = _answer(shop, cases, model=not no_model)
                report_answers(console, verdicts)
                result["answers"] = {"model": not no_model, **answers_json(verdicts)}
        if as_json:
            print_json(result)


def _check(data: Path) -> None:
    if not data.is_dir():
        raise CatalogError(f"There is no folder {data}.")
    if not (data / QUERIES).exists() and not (data / CASES).exists():
        raise CatalogError(f"{data} has neither {QUERIES} (with qrels.tsv) nor {CASES}.")


def _shop(data: Path) -> tuple[tuple[Product, ...], Path | None]:
    """The products that a folder's questions are about, and where its policies are."""
    own = (data / PRODUCTS).exists()
    folder = data if own or (data / "catalog.csv").exists() else SAMPLE
    policies = folder / "policies"
    found = read_products(folder / PRODUCTS) if own else sample_products(folder)
    return found, policies if policies.is_dir() else None


def _chosen(data: Path, kind: str | None, half: str | None, limit: int | None) -> list[Case]:
    cases = read_cases(data / CASES)
    kinds = list(dict.fromkeys(case.kind for case in cases))
    if kind is not None and kind not in kinds:
        raise CatalogError(f"No case is of the kind “{kind}”. There are: {', '.join(kinds)}.")
    found = [case for case in cases if kind in (None, case.kind) and half in (None, case.half)]
    if not found:
        raise CatalogError(f"No case is of the half “{half}”: say “tune” or “held out”.")
    return found[:limit]


@contextmanager
def _open(data: Path, *, asked: bool) -> Iterator[TrialShop]:
    """A shop with a folder's products; with a model if one is to be asked."""
    items, policies = _shop(data)
    needs = {Service.MODEL} if asked and needs_embedded(load_settings()) else set()
    overrides = {} if asked else NOWHERE
    with (
        bar("Filling the shelves") as filled,
        trial_shop(items, policies, needs, filled, **overrides) as shop,
    ):
        yield shop


def _rank(shop: TrialShop, part: Part, judged: Judgements) -> list[Ranked]:
    index = Index(lambda: ports.search_server(shop.settings), Embedder())
    with (
        closing(Retriever(LiveMirror(shop.db), index, index.embedder)) as retriever,
        bar(f"Searching ({part})") as advance,
    ):
        retriever.warm()
        return measure_ranking(ranking(part, retriever, index), judged, advance)


def _answer(shop: TrialShop, cases: Sequence[Case], *, model: bool) -> list[Verdict]:
    with (
        closing(ChatLane(open_pool(shop.settings))) as lane,
        closing(open_counter(shop.settings, shop.db, lane)) as counter,
        bar("Asking") as advance,
    ):
        return measure_answers(counter, cases, advance, report_verdict, model=model)
