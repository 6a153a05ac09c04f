"""A plain loop over the openai client, on its faster transport (``openai[aiohttp]``).

As its README shows it: ``AsyncOpenAI(http_client=DefaultAioHttpClient())``,
one client for all, and a row that raises has failed. The schema is sent as
``extra_body``, which spares the client a walk through it for each call.
"""

from __future__ import annotations

import asyncio
import json

from openai import AsyncOpenAI, DefaultAioHttpClient

from benchmarks.peers.task import Outcome, Task, failure, take_part


async def ask_all(task: Task) -> dict[int, Outcome]:
    """Every row by one of as many tasks as there are slots."""
    outcomes: dict[int, Outcome] = {}
    rows = iter(task.messages.items())

    async def one_after_another(client: AsyncOpenAI) -> None:
        for row, messages in rows:
            try:
                answer = await client.chat.completions.create(
                    model="fake",
                    messages=messages,  # type: ignore[arg-type]
                    extra_body={"response_format": task.response_format},
                )
                outcomes[row] = json.loads(answer.choices[0].message.content or "")
            except Exception as error:  # noqa: BLE001
                outcomes[row] = failure(error)

    async with AsyncOpenAI(
        base_url=task.url,
        api_key="none",
        max_retries=task.attempts - 1,
        http_client=DefaultAioHttpClient(),
    ) as client:
        await asyncio.gather(*(one_after_another(client) for _ in range(task.slots)))
    return outcomes


if __name__ == "__main__":
    take_part(lambda task: lambda: asyncio.run(ask_all(task)))
