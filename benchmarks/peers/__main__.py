"""How fast the same rows go through us and through others, beside bare aiohttp.

``python -m benchmarks.peers [--rows 5000] [--rounds 1] [--only NAME] [--aimock] [--plot PATH]``,
or ``make bench-peers``. The endpoint is :mod:`benchmarks.fake_endpoint`,
started anew for each run. Bare aiohttp runs before and after each of the
others, and the ratio is to the mean of these two.
"""

from __future__ import annotations

import argparse
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean

from benchmarks import fake_endpoint
from benchmarks.batch import DELAY_S, SLOTS
from benchmarks.peers import aimock, contestants, ours
from benchmarks.peers.contestants import BARE, CURATOR, LANGCHAIN, OPENAI, OURS, Contestant
from benchmarks.peers.plot import draw
from benchmarks.peers.score import Score, middle, scored, table
from core import ports
from core.settings import PROJECT

FIELD = (OURS, OPENAI, CURATOR, LANGCHAIN)
OUT = PROJECT / "benchmarks" / "out" / "peers.json"


def once(contestant: Contestant, rows: int, *, cross_check: bool) -> Score:
    """One run against an endpoint of its own."""
    fake = (
        aimock.running(DELAY_S) if cross_check else fake_endpoint.running(ports.unused(), DELAY_S)
    )
    with fake as url:
        if contestant is OURS:
            run = ours.through_the_worker(url, rows)
        else:
            run = contestants.run(contestant, contestants.task(url, rows))
        return scored(contestant, run, rows, _answers(url))


def _answers(url: str) -> list[float]:
    """When each answer was ready, where the endpoint can tell."""
    try:
        with urllib.request.urlopen(url.replace("/v1", "/answers")) as response:
            answers: list[float] = json.load(response)
            return answers
    except urllib.error.HTTPError:
        return []


def race(field: Sequence[Contestant], rows: int, *, cross_check: bool) -> list[Score]:
    """Everyone once, with bare aiohttp before, between and after."""
    scores = [once(BARE, rows, cross_check=cross_check)]
    for contestant in field:
        mine = once(contestant, rows, cross_check=cross_check)
        after = once(BARE, rows, cross_check=cross_check)
        bare = mean((scores[-1].rows_per_s, after.rows_per_s))
        scores += [replace(mine, ratio=mine.rows_per_s / bare), after]
        print(f"  {mine.name}: {mine.rows_per_s:.0f} rows/s, bare {bare:.0f}", flush=True)
    return scores


def main() -> None:
    """Print the table, and whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", help="a name; may be repeated")
    parser.add_argument("--aimock", action="store_true", help="as the endpoint; needs Node")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    field = [one for one in FIELD if not options.only or one.name in options.only]
    print(f"{options.rows:,} rows, {SLOTS} at a time, {1000 * DELAY_S:.0f} ms", flush=True)
    rounds = range(options.rounds)
    runs = [one for _ in rounds for one in race(field, options.rows, cross_check=options.aimock)]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in runs], indent=1))
    by_name = {one.name: middle([run for run in runs if run.name == one.name]) for one in runs}
    results = sorted(by_name.values(), key=lambda one: -one.rows_per_s)
    print(table(results, {one.name: one.durable for one in (BARE, *field)}))
    _goals(by_name)
    if options.plot:
        draw(results, options.plot)


def _goals(by_name: dict[str, Score]) -> None:
    mine, curator = by_name.get(OURS.name), by_name.get(CURATOR.name)
    if mine:
        print(f"of bare aiohttp  {mine.ratio:.2f} (at least 0.80)")
    if mine and curator:
        print(f"of curator       {mine.ratio / curator.ratio:.1f} (at least 2.5)")


if __name__ == "__main__":
    main()
