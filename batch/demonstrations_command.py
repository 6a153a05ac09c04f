"""``python -m batch demonstrations``: the examples that the model learns from, from a shell."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from batch import demonstration_files, demonstration_list, demonstrations
from batch.demonstration_files import Imported
from batch.demonstration_list import Choice, Demonstration
from batch.result_files import write_lines
from core.console import Listing, opened, print_json, say

app = typer.Typer(no_args_is_help=True, help="Examples that the model learns from.")

Id = Annotated[str, typer.Argument(metavar="ID", help="An example's id, as `list` shows it.")]
LISTED = 1_000


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="One JSON object a line.")],
) -> None:
    """Take the examples of a file; again with the same file it changes nothing."""
    with opened() as (_, db):
        say(told(file, demonstration_files.import_file(db, file)))


def told(file: Path, found: Imported) -> str:
    """What came of importing a file, in a line."""
    parts = [f"{file.name}: {found.read:,} examples read, {found.added:,} new or changed"]
    if found.held_back:
        parts.append(f"{found.held_back:,} kept aside to measure quality by")
    if found.approved:
        parts.append(f"{found.approved:,} left as they were approved here")
    return ", ".join(parts)


@app.command("list")
def list_demonstrations(
    search: Annotated[str, typer.Option(help="Words that it has to have.")] = "",
    product_type: Annotated[str | None, typer.Option("--type", help="Only of this type.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the examples, those that were changed last first."""
    with opened() as (_, db):
        choice = Choice(search, product_type)
        found = demonstration_list.listing(db, choice, limit=LISTED)
        if as_json:
            print_json([_summary(one) for one in found])
            return
        table = Listing("Example", "Type", "Use", "Product")
        for one in found:
            table.add_row(one.id, one.product_type, _use(one), one.text.splitlines()[0][:60])
        Console().print(table if found else "There are no examples yet.")
        if (whole := demonstration_list.count(db, choice)) > len(found):
            say(f"… and {whole - len(found):,} more; `export` writes all of them.")


@app.command()
def show(demonstration_id: Id) -> None:
    """Show one example as JSON."""
    with opened() as (_, db):
        print_json(_summary(demonstration_list.get(db, demonstration_id)))


@app.command()
def off(demonstration_id: Id) -> None:
    """Do not show an example to the model any more."""
    _switch(demonstration_id, enabled=False)


@app.command()
def on(demonstration_id: Id) -> None:
    """Show an example to the model again."""
    _switch(demonstration_id, enabled=True)


@app.command()
def remove(demonstration_id: Id) -> None:
    """Remove an example; the row that it came from stays as it is."""
    with opened() as (_, db):
        demonstrations.remove(db, [demonstration_id])
        say(f"Example {demonstration_id} is removed.")


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE.jsonl]", help="Standard output by default.")
    ] = None,
) -> None:
    """Write all examples, a JSON object a line, as `import` reads them."""
    with opened() as (_, db):
        lines = demonstration_files.export(db)
        if file is None:
            sys.stdout.write(b"".join(lines).decode())
            return
        write_lines(file, lines)
        say(f"{demonstration_list.count(db):,} examples written to {file}")


def _switch(demonstration_id: str, *, enabled: bool) -> None:
    with opened() as (_, db):
        demonstrations.switch(db, [demonstration_id], enabled=enabled)
        say(f"Example {demonstration_id} is switched {'on' if enabled else 'off'}.")


def _use(one: Demonstration) -> str:
    if not one.enabled:
        return "switched off"
    return "kept aside to measure" if one.held_back else "shown to the model"


def _summary(one: Demonstration) -> dict[str, Any]:
    return {
        "id": one.id,
        "product_type": one.product_type,
        "text": one.text,
        "answer": dict(one.answer),
        "use": _use(one),
        "job": one.job_id,
        "row": one.row_no,
        "updated_at": one.updated_at,
    }
