"""The counter from a shell: ``python -m rag --help``.

Progress and messages go to standard error, data to standard output. Exit
codes: 0 done (also when the answer is that the shop has nothing of the kind),
1 a service or the model failed, 2 bad input.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from core import logs, ports, products, services
from core.chat_lane import ChatLane
from core.console import Exit, bar, opened, print_json, say
from core.db import Database
from core.letters import visible
from core.pool import open_pool
from core.programs import Service
from core.settings import Settings
from rag import checks, documents, indexer
from rag.chain import Counter, open_counter
from rag.embedding import Embedder
from rag.evaluate_command import evaluate_command
from rag.exchange import Passage
from rag.index import Index
from rag.reply import Reply
from rag.shop_csv import read_shop

START_TIMEOUT_S = 120.0
POLL_S = 0.25

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Put products and policies on the shelves, search them, and ask the shop.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def index(
    catalog: Annotated[Path, typer.Argument(metavar="IN.csv", help="Products, one a row.")],
    policies: Annotated[
        Path | None,
        typer.Option(help="Folder of policy documents (.md, .txt, .html, .pdf, .docx)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add or replace the products of a CSV, and policies, and wait until they can be found."""
    with opened() as (settings, db):
        shop = read_shop(catalog, source="command line")
        for note in shop.notes:
            say(f"Note: {note}", style="yellow")
        texts = documents.publish_documents(db, policies) if policies else 0
        count = products.publish(db, shop.products)
        with _running(settings, {Service.CHROMA}):
            _catch_up(settings, db)
        summary = {"products": count, "documents": texts, "notes": list(shop.notes)}
        if as_json:
            print_json(summary)
        else:
            typer.echo(f"{count:,} products and {texts:,} policy documents can be found now.")


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=500, help="How many to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show the products and policy passages closest to some words."""
    _require(words, "words")
    with opened() as (settings, db), _counter(settings, db, {Service.CHROMA}) as counter:
        found = counter.retriever.rank(words, k)
        if as_json:
            print_json(
                {
                    "results": [_source(passage) for passage in found.passages],
                    "relevant": found.relevant,
                    "retrieve_ms": round(found.retrieve_ms, 1),
                }
            )
            return
        for passage in found.passages:
            typer.echo(visible(f"{passage.score:.2f}  {passage.id}  {_label(passage)}"))


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In a shopper's words.")],
    as_json: AsJson = False,
) -> None:
    """Ask the shop and print the answer with its sources."""
    _require(question, "question")
    needs = {Service.CHROMA, Service.MODEL}
    with opened() as (settings, db), _counter(settings, db, needs) as counter:
        counter.warm()
        reply = counter.ask(question)
        with closing(reply.stream()) as pieces:
            # A sentence may still be corrected: printed is only what stays.
            for _ in pieces:
                pass
        if as_json:
            print_json(_answer(reply))
        else:
            typer.echo(visible(reply.text))
            for passage in reply.passages:
                typer.echo(visible(f"[{passage.number}] {_label(passage)}"))
        if reply.failure is not None:
            raise reply.failure


app.command("evaluate")(evaluate_command)


@app.command()
def check(
    release: Annotated[
        str | None,
        typer.Option(help="Of the shop as this release would make it; see `batch releases`."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the check questions without a model; ends with 3 if one is answered wrongly."""
    with opened() as (settings, db), _counter(settings, db, {Service.CHROMA}) as counter:
        if release is None:
            asked = checks.run(db, checks.rehearsed(counter))
            found = [(one.question.question, one.why) for one in asked]
        else:
            compared = checks.compare(db, counter, release)
            found = [(one.question, one.why) for one in compared]
    if as_json:
        print_json([{"question": one, "right": not why, "why": list(why)} for one, why in found])
    else:
        for one, why in found:
            typer.echo(visible(f"{'WRONG' if why else 'right'}  {one}"))
            for sentence in why:
                typer.echo(visible(f"       {sentence}"))
    if any(why for _, why in found):
        raise typer.Exit(Exit.ROWS_FAILED)


@contextmanager
def _counter(settings: Settings, db: Database, needs: Collection[Service]) -> Iterator[Counter]:
    """A counter over shelves that are filled, with the services it needs."""
    with _running(settings, needs):
        _catch_up(settings, db)
        with (
            closing(ChatLane(open_pool(settings))) as lane,
            closing(open_counter(settings, db, lane)) as counter,
        ):
            yield counter


@contextmanager
def _running(settings: Settings, needs: Collection[Service]) -> Iterator[None]:
    services.ensure(settings, needs)
    try:
        services.wait_healthy(settings, needs, START_TIMEOUT_S, on_wait=say)
        yield
    finally:
        services.stop(settings)


def _catch_up(settings: Settings, db: Database) -> None:
    """Wait until everything published can be found; does the work if no indexer runs."""
    try:
        with FileLock(indexer.lock_path(settings), timeout=0):
            indexer.seed(settings, db)
            _index_here(settings, db)
    except Timeout:
        with bar(indexer.LABEL) as show:
            most = 0
            while left := indexer.count_pending(db):
                most = max(most, left)
                show(most - left, most)
                time.sleep(POLL_S)


def _index_here(settings: Settings, db: Database) -> None:
    with closing(Index(lambda: ports.search_server(settings), Embedder())) as shelves:
        indexer.repair(db, shelves)
        if not indexer.count_pending(db):
            return
        with bar(indexer.LABEL) as show:
            done = 0
            while left := indexer.count_pending(db):
                show(done, done + left)
                done += indexer.step(db, shelves)


def _answer(reply: Reply) -> dict[str, Any]:
    timing = reply.timing
    details = reply.details.to_json()
    return {
        "answer": reply.text,
        "refused": reply.refused,
        "details": {name: part for name, part in details.items() if name != "refused"},
        "sources": [_source(passage) for passage in reply.passages],
        "retrieve_ms": round(timing.retrieve_ms, 1),
        "first_token_ms": _rounded(timing.first_token_ms),
        "total_ms": _rounded(timing.total_ms),
        "tokens": {"prompt": timing.prompt_tokens, "completion": timing.tokens},
    }


def _source(passage: Passage) -> dict[str, Any]:
    stored = {
        "number": passage.number,
        "id": passage.id,
        "kind": str(passage.kind),
        "title": passage.title,
        "heading": passage.heading,
        "score": round(passage.score, 4),
    }
    if passage.product is not None:
        price = passage.product.price
        stored |= {
            "price": None if price is None else float(price),
            "currency": passage.product.currency,
            "stock": passage.product.stock,
        }
    return stored


def _label(passage: Passage) -> str:
    return f"{passage.title} ({passage.heading})" if passage.heading else passage.title


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)


def _require(text: str, name: str) -> None:
    if not text.strip():
        raise typer.BadParameter(f"The {name} must not be empty.")


if __name__ == "__main__":
    logs.begin(logging.ERROR)
    app()
