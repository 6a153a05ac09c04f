"""``python -m batch workers``: which workers there are, over all machines."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from batch import crew
from batch.crew import Member
from core.console import opened, print_json, say
from core.postgres import is_postgres


def list_workers(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the workers that share this database, whatever machine they run on."""
    with opened() as (_, db):
        if not is_postgres(db.engine):
            say("On SQLite one worker works, that of this home: python -m core.services status")
        found = crew.living(db)
        if as_json:
            print_json([_summary(one) for one in found])
            return
        table = Table("Worker", "Machine", "Process", "Workflows", "For")
        for one in found:
            age_s = time.time() - one.started_at
            table.add_row(one.name, one.machine, str(one.pid), one.version, f"{age_s:,.0f} s")
        Console().print(table if found else "No worker runs.")


def _summary(one: Member) -> dict[str, Any]:
    return {
        "name": one.name,
        "machine": one.machine,
        "pid": one.pid,
        "version": one.version,
        "started_at": one.started_at,
    }
