"""The endpoints from a shell: ``python -m core.endpoints [--check] [--json]``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Console

from core import usage
from core.console import Exit, Listing, opened, print_json
from core.db import Database
from core.endpoint_state import State
from core.endpoints import Endpoint
from core.errors import ModelError
from core.model import Request
from core.model_client import ModelClient
from core.pool import open_pool
from core.provider import Provider
from core.redaction import redacted
from core.statuses import Lane, Mode
from core.usage import Use, percentile

CHECK_TIMEOUT_S = 30.0
HOUR_S, DAY_S = 3600, 86_400
#: One tiny call: a few tokens in, a few out.
TINY = Request(
    messages=[{"role": "user", "content": 'Answer with {"ok": true}'}],
    schema={"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]},
    max_tokens=20,
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Check:
    """What came of the tiny call: how long it took, or why it failed."""

    took_ms: float
    problem: str = ""


@app.command()
def endpoints(
    check: Annotated[
        bool, typer.Option("--check", help="Ask each endpoint with one tiny call.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the model endpoints: their use by lane, their health, and today's cost.

    With --check the exit code is 1 when one of them does not answer.
    """
    with opened() as (settings, db):
        with closing(open_pool(settings)) as pool:
            states, waiting = pool.states()
        checks = check_all([state.endpoint for state in states]) if check else {}
        uses = usage.since(db, time.time() - DAY_S)
        if as_json:
            found = [_as_json(db, state, uses, checks) for state in states]
            print_json({"endpoints": found, "batch_waiting": waiting})
        else:
            _show(states, uses, checks, waiting)
        if any(one.problem for one in checks.values()):
            raise typer.Exit(Exit.FAILED)


def check_all(endpoints: Sequence[Endpoint]) -> dict[str, Check]:
    """Ask each endpoint once, all at the same time, past any queue of ours."""

    async def every() -> list[Check]:
        return list(await asyncio.gather(*map(_check, endpoints)))

    names = [one.name for one in endpoints]
    return dict(zip(names, asyncio.run(every()), strict=True))


async def _check(endpoint: Endpoint) -> Check:
    client = ModelClient(endpoint, timeout_s=CHECK_TIMEOUT_S)
    started = time.perf_counter()
    problem = ""
    try:
        await client.complete(TINY)
    except ModelError as error:
        problem = error.message
    finally:
        await client.close()
    took_ms = (time.perf_counter() - started) * 1000
    if not problem and endpoint.offers_batches:
        problem = await asyncio.to_thread(_check_batches, endpoint)
    return Check(took_ms, problem)


def _check_batches(endpoint: Endpoint) -> str:
    """Why jobs cannot be sent to the endpoint's provider; empty when they can."""
    with closing(Provider(endpoint)) as provider:
        try:
            provider.check()
        except ModelError as error:
            return f"answers, but takes no batches: {error.message}"
    return ""


def _show(
    states: Sequence[State], uses: Sequence[Use], checks: dict[str, Check], waiting: int
) -> None:
    table = Listing("endpoint", "model", "health", "chat", "batch", "free", "waiting", box=None)
    for name in ("calls 24 h", "failed", "cost"):
        table.add_column(name, justify="right")
    if checks:
        table.add_column("check")
    for state in states:
        table.add_row(*_cells(state, uses, checks))
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    if waiting:
        console.print(f"{waiting:,} batch calls wait for a place at any of them.")


def _cells(state: State, uses: Sequence[Use], checks: dict[str, Check]) -> list[str]:
    endpoint = state.endpoint
    mine = [use for use in uses if use.endpoint == endpoint.name]
    counts = (state.chat, state.batch, endpoint.slots - state.chat - state.batch, state.waiting)
    cells = [
        endpoint.name,
        endpoint.model,
        _health(state),
        *(f"{count:,}" for count in counts),
        f"{sum(use.calls for use in mine):,}",
        f"{sum(use.failed for use in mine):,}",
        f"{sum(use.cost for use in mine):.2f} {endpoint.currency}",
    ]
    if found := checks.get(endpoint.name):
        batches = ", takes batches" if endpoint.offers_batches else ""
        cells.append(found.problem or f"answered in {found.took_ms / 1000:.1f} s{batches}")
    return cells


def _health(state: State) -> str:
    condition = state.condition
    if condition.mode is not Mode.OPEN:
        return str(condition.mode)
    if state.rest_s:
        return f"resting for {state.rest_s:.0f} s: {condition.reason}"
    return f"being tried again: {condition.reason}" if condition.is_probed else "well"


def _as_json(
    db: Database, state: State, uses: Sequence[Use], checks: dict[str, Check]
) -> dict[str, Any]:
    endpoint = state.endpoint
    mine = [use for use in uses if use.endpoint == endpoint.name]
    since = time.time() - HOUR_S
    firsts = [one for one in usage.first_tokens(db, since) if one.endpoint == endpoint.name]
    found = checks.get(endpoint.name)
    return {
        "name": endpoint.name,
        "model": endpoint.model,
        "base_url": redacted(endpoint.base_url),
        "slots": endpoint.slots,
        "batch_price": endpoint.batch_price if endpoint.offers_batches else None,
        "health": _health(state),
        "chat": state.chat,
        "batch": state.batch,
        "batch_room": state.room,
        "chat_waiting": state.waiting,
        "calls_24h": {use.lane: use.calls for use in mine},
        "failed_24h": {use.lane: use.failed for use in mine},
        "cost_24h": sum(use.cost for use in mine),
        "currency": endpoint.currency,
        "first_token_ms_1h": {
            lane: {
                "p50": percentile(times, 0.5),
                "p95": percentile(times, 0.95),
            }
            for lane in Lane
            if (times := [one.ttft_ms for one in firsts if one.lane is lane])
        },
        "check": None if found is None else {"took_ms": found.took_ms, "problem": found.problem},
    }
