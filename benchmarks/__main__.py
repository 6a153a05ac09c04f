"""Every figure in turn: ``python -m benchmarks``, or ``make bench``."""

from __future__ import annotations

import subprocess
import sys

FIGURES: dict[str, list[str]] = {
    "Chat: our overhead and the embedded model's first token": ["benchmarks.chat"],
    "Shoppers: fifty at once, a flood of five hundred": ["benchmarks.shoppers"],
    "Retrieval: 100,000 products, alone and beside a worker": ["benchmarks.retrieval"],
    "Lanes: a fake endpoint's slots, a rate limit, what a lease costs": ["benchmarks.lanes_fake"],
    "Lanes: the embedded model, chat beside a job": ["benchmarks.lanes", "--fifo"],
    "Jobs: what people wait for beside a million rows": ["benchmarks.million"],
    "Downloads: 100,000 rows in every form, and memory": ["benchmarks.downloads"],
    "Deliveries: 100,000 rows to a Postgres, and memory": ["benchmarks.deliveries"],
    "Workers: three beside one, resuming after a kill, leases": ["benchmarks.workers"],
    "Costs on Postgres: a row, a chat, an idle worker": ["benchmarks.costs"],
    "Batch: rows beside bare aiohttp, and memory": ["benchmarks.batch", "--times", "4"],
}


def main() -> int:
    """Run them; returns how many failed."""
    failed = 0
    for title, (module, *arguments) in FIGURES.items():
        print(f"\n== {title}", flush=True)
        failed += subprocess.run([sys.executable, "-m", module, *arguments]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
