"""A switch that is killed: no product is lost, halved or changed twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest

from core import products, release_staging, release_steps, releases
from core.db import Database
from core.products import Product
from core.settings import PROJECT, Settings, child_environment
from core.statuses import ReleaseStatus
from core.values import Value

pytestmark = pytest.mark.processes

COUNT = 4_000
PROGRAM = """
import sys
from core import release_steps
from core.db import open_database
from core.settings import load_settings
act = getattr(release_steps, sys.argv[1])
act(open_database(load_settings()), sys.argv[2], lambda done: print(done, flush=True))
"""


def item(number: int, season: str) -> Product:
    """A product whose every part names its season, so that half a product would show."""
    values = {"season": Value(season), "again": Value(season)}
    return Product(f"p{number:05}", season, f"All {season}.", values=values)


def seasons(db: Database) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in products.iterate(db):
        names = {one.title, one.description[4:-1], *(v.text() for v in one.values.values())}
        assert len(names) == 1, f"half a product: {one}"
        found.update(names)
    return found


def killed(settings: Settings, act: str, release_id: str) -> None:
    """Begin in another process, and kill it when some products are done."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, act, release_id],
        cwd=PROJECT,
        env=child_environment(settings),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.05)
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_killed_switch_and_a_killed_roll_back_end_as_if_nobody_had_died(
    settings: Settings, db: Database
) -> None:
    products.publish(db, [item(number, "winter") for number in range(COUNT)])
    one = release_staging.prepare(db, "Spring", "job", [item(n, "spring") for n in range(COUNT)])
    killed(settings, "switch", one.id)
    half = seasons(db)
    assert half["spring"] > 0
    assert half["winter"] > 0
    assert release_steps.go_on(db) == 1
    assert seasons(db) == {"spring": COUNT}
    assert max(one.version for one in products.iterate(db)) == 2

    killed(settings, "roll_back", one.id)
    assert seasons(db)["winter"] > 0
    assert release_steps.go_on(db) == 1
    assert seasons(db) == {"winter": COUNT}
    assert releases.get(db, one.id).status == ReleaseStatus.ROLLED_BACK
