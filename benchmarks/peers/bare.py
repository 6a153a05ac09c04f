"""Bare aiohttp: asks, reads the response as JSON and throws it away. What the machine can do."""

from __future__ import annotations

import asyncio

import aiohttp

from benchmarks.peers.task import Outcome, Task, take_part


async def ask_all(task: Task) -> dict[int, Outcome]:
    """Every row once, without a second try."""
    outcomes: dict[int, Outcome] = {}
    rows = iter(task.messages.items())
    url = f"{task.url}/chat/completions"

    async def one_after_another(session: aiohttp.ClientSession) -> None:
        for row, messages in rows:
            form = task.response_format
            body = {"model": "fake", "messages": messages, "response_format": form}
            async with session.post(url, json=body) as response:
                await response.json()
            outcomes[row] = {}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=task.slots)) as session:
        await asyncio.gather(*(one_after_another(session) for _ in range(task.slots)))
    return outcomes


if __name__ == "__main__":
    take_part(lambda task: lambda: asyncio.run(ask_all(task)))
