"""Many shoppers at once, on the real app: ``python -m benchmarks.shoppers``.

Over the sample shop, with a model that streams the same words to everybody. Each
shopper is a page of its own, which speaks to the app as Streamlit's page does.

- as people do: so many shoppers ask, read for some seconds and ask again;
- in one second: all of them ask at the same time;
- a flood: many more pages than that are opened, and all ask at the same time;
- afterwards: how long until a question is answered as before.

Our overhead is the time from the question to the answer's last word, less what the
model took. The shoppers and the model run in this process, which shares the machine
with the app: what processor each took is told, too.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.crowd import Crowd, Scene, notes
from benchmarks.streaming_endpoint import StreamingEndpoint
from core import products
from core.db import open_database
from core.settings import load_settings
from core.usage import percentile
from tests import running
from tests.shopper import Visit

RECOVERED_WITHIN_S = 10.0
WARM_UP_S = 3.0


def main(
    shoppers: Annotated[int, typer.Option(help="Shoppers at once.")] = 50,
    rounds: Annotated[int, typer.Option(help="Questions of each.")] = 4,
    flood: Annotated[int, typer.Option(help="Pages that ask at the same time; 0: none.")] = 500,
) -> None:
    """Measure, and print a table."""
    with TemporaryDirectory(prefix="shopkeeper-shoppers-") as folder:
        asyncio.run(_measure(Path(folder) / "home", shoppers, rounds, flood))


async def _measure(home: Path, count: int, rounds: int, flood: int) -> None:
    async with StreamingEndpoint().running() as model:
        variables = {"OPENAI_BASE_URL": model.url, "OPENAI_MODEL": "fake", "SHOPKEEPER_SLOTS": "64"}
        shop = running.shop(home, **variables)
        address = await asyncio.to_thread(shop.__enter__)
        try:
            await asyncio.to_thread(_until_filled, home)
            await _scenes(address, model, count, rounds, flood)
        finally:
            log = (home / "logs" / "page.log").read_text(errors="replace")
            await asyncio.to_thread(shop.__exit__, None, None, None)
        print(f"tracebacks in the log of the web app: {log.count('Traceback')}")
        if "Traceback" in log:
            print(log[-6000:])


async def _scenes(
    address: str, model: StreamingEndpoint, count: int, rounds: int, flood: int
) -> None:
    def overhead(visit: Visit) -> float | None:
        return _overhead_ms(visit, model)

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        crowd = Crowd(address, http)
        _print(await crowd.one_by_one(10), model)
        _print(await crowd.as_people_do(count, rounds), model)
        _print(await crowd.in_one_second(count), model)
        if flood:
            during, regulars = await crowd.flood(flood)
            _print(during, model)
            _print(regulars, model)
            took_s, slow = await crowd.until_normal(overhead)
            verdict = "ok" if took_s <= RECOVERED_WITHIN_S else "MISSED"
            print(f"as before after {took_s:.1f} s ({slow} slow ones before)  {verdict}")


def _overhead_ms(visit: Visit, model: StreamingEndpoint) -> float | None:
    """What the answer took besides the model; None where there was none."""
    if visit.told_at is None:
        return None
    served = model.served.get(visit.question)
    models_s = served.last_at - served.came_at if served else 0.0
    return (visit.told_at - visit.asked_at - models_s) * 1000


def _print(scene: Scene, model: StreamingEndpoint) -> None:
    table = Table("ms", "p50", "p95", "most", "n", title=scene.name)
    asked = [visit for visit in scene.visits if visit.told_at is not None]
    to_cards = [(one.cards_at - one.asked_at) * 1000 for one in asked if one.cards_at]
    written = [
        (one, served, one.word_at)
        for one in asked
        if one.word_at and (served := model.served.get(one.question))
    ]
    first = [
        (word_at - one.asked_at - (served.first_at - served.came_at)) * 1000
        for one, served, word_at in written
    ]
    behind = [(word_at - served.first_at) * 1000 for _, served, word_at in written]
    whole = [found for one in asked if (found := _overhead_ms(one, model)) is not None]
    for name, times in (
        ("until the sources", to_cards),
        ("until the first word, less the model's time", first),
        ("from the model's first word to ours", behind),
        ("until the last word, less the model's time", whole),
    ):
        _row(table, name, times)
    Console().print(table)
    troubles = Counter(trouble for one in scene.visits for trouble in one.troubles)
    refused = sum(one.refused_at is not None for one in scene.visits)
    cpu = f"CPU: app {scene.app_cpu_s:.1f} s, shoppers and model {scene.own_cpu_s:.1f} s"
    print(
        f"{len(scene.visits)} visits, {len(asked)} answered, {refused} asked to come later, "
        f"{scene.took_s:.1f} s; {cpu}"
    )
    print(
        f"at most {scene.most_threads} threads, {scene.most_mb:.0f} MB, "
        f"{model.most_in_flight} calls; troubles: {dict(troubles) or 'none'}"
    )
    model.most_in_flight = 0


def _row(table: Table, name: str, times: Sequence[float]) -> None:
    p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
    if p50 is None or p95 is None:
        table.add_row(name, "–", "–", "–", "0")
        return
    table.add_row(name, f"{p50:.0f}", f"{p95:.0f}", f"{max(times):.0f}", str(len(times)))


def _until_filled(home: Path) -> None:
    notes.print("Filling the shelves with the sample shop …")
    db = open_database(load_settings(home=home))
    while not products.count(db) or products.count_pending(db):
        time.sleep(0.3)
    db.close()
    time.sleep(WARM_UP_S)


if __name__ == "__main__":
    typer.run(main)
