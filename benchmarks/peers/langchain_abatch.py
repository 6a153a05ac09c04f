"""LangChain: ``abatch`` over a chat model with structured output.

Of the documented ways this was the fastest one here: ``with_structured_output``
by JSON schema, and the openai package's aiohttp transport as
``http_async_client``. Exceptions come back as results.
"""

from __future__ import annotations

import asyncio

from langchain_openai import ChatOpenAI
from openai import DefaultAioHttpClient
from pydantic import SecretStr

from benchmarks.peers.task import Outcome, Task, failure, take_part


async def ask_all(task: Task) -> dict[int, Outcome]:
    """All rows in one batch."""
    async with DefaultAioHttpClient() as http:
        model = ChatOpenAI(
            model="fake",
            base_url=task.url,
            api_key=SecretStr("none"),
            max_retries=task.attempts - 1,
            http_async_client=http,
        )
        schema = {"title": "row", **task.schema}
        chain = model.with_structured_output(schema, method="json_schema")
        results = await chain.abatch(
            list(task.messages.values()),
            config={"max_concurrency": task.slots},
            return_exceptions=True,
        )
    return {
        row: failure(result) if isinstance(result, BaseException) else dict(result)
        for row, result in zip(task.messages, results, strict=True)
    }


if __name__ == "__main__":
    take_part(lambda task: lambda: asyncio.run(ask_all(task)))
