"""bespokelabs-curator: ``curator.LLM`` over a data set, with its cache in a new folder.

As its documentation shows it, with no limit of its own that could be reached.
An argument ``--partial`` turns ``require_all_responses`` off, so that it hands
back what it has instead of nothing when a row has failed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import Any

from bespokelabs import curator
from pydantic import BaseModel

from benchmarks.peers.task import Outcome, Task, Work, take_part

#: It asks for structured output only from models that its price list knows.
MODEL = "gpt-4o-mini"


class Product(BaseModel):
    """The fields of :data:`benchmarks.batch.FIELDS`."""

    brand: str | None = None
    color: str | None = None
    material: str | None = None
    size: str | None = None
    waterproof: bool | None = None
    tags: list[str] | None = None
    seo_title: str | None = None


class Extractor(curator.LLM):  # type: ignore[misc]
    """One row in, its product out."""

    response_format = Product

    def prompt(self, row: dict[str, Any]) -> Any:
        """The row's messages."""
        return row["messages"]

    def parse(self, row: dict[str, Any], product: Product) -> dict[str, Any]:
        """What of a row is kept."""
        return {"row": row["row"], "values": product.model_dump_json()}


def prepare(task: Task) -> Work:
    """The extractor, made before the clock starts: it asks for the endpoint's limits."""
    os.environ["OPENAI_BASE_URL"] = task.url
    extractor = Extractor(
        model_name=MODEL,
        backend="openai",
        backend_params={
            "max_concurrent_requests": task.slots,
            "max_requests_per_minute": 1_000_000,
            "max_tokens_per_minute": 10_000_000_000,
            "max_retries": task.attempts - 1,
            "require_all_responses": "--partial" not in sys.argv,
        },
    )
    rows = [{"row": row, "messages": messages} for row, messages in task.messages.items()]

    def work() -> dict[int, Outcome]:
        with tempfile.TemporaryDirectory() as folder:
            response = extractor(rows, working_dir=folder)
            return {row["row"]: json.loads(row["values"]) for row in response.dataset}

    return work


if __name__ == "__main__":
    take_part(prepare)
