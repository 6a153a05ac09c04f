"""``python -m batch fields``: saved field sets, templates and advice, from a shell."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from batch import field_sets
from batch.field_sources import find_plan
from batch.field_templates import template, template_names
from batch.lint import lint
from batch.plan_file import dump_plan, load_plan
from core.console import Exit, Listing, opened, print_json, say
from core.roster import context_tokens

app = typer.Typer(no_args_is_help=True, help="Saved field sets, templates, and advice on fields.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A saved set's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@app.command("list")
def list_sets(as_json: AsJson = False) -> None:
    """List the saved field sets with their newest version."""
    with opened() as (_, db):
        found = field_sets.listing(db)
        if as_json:
            print_json(
                [
                    {"name": one.name, "version": one.version, "created_at": one.created_at}
                    for one in found
                ]
            )
            return
        table = Listing("Name", "Version", "Saved", "Fields", "Product types")
        for one in found:
            saved = datetime.fromtimestamp(one.created_at, UTC).astimezone()
            counts = (str(len(one.plan.fields)), str(len(one.plan.sets) or ""))
            table.add_row(one.name, str(one.version), f"{saved:%Y-%m-%d %H:%M}", *counts)
        Console().print(table if found else "No field sets are saved yet.")


@app.command()
def show(
    name: Name,
    version: Annotated[
        int | None, typer.Option(help="Which version; the newest if left out.")
    ] = None,
) -> None:
    """Print a saved set, or a template, as a fields file."""
    with opened() as (_, db):
        if version is None and not field_sets.versions(db, name) and name in template_names():
            sys.stdout.write(dump_plan(find_plan(db, name)))
            return
        sys.stdout.write(dump_plan(field_sets.load(db, name, version).plan))


@app.command()
def save(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A fields file.")],
) -> None:
    """Save a fields file under a name, as its next version."""
    with opened() as (_, db):
        before = [one.version for one in field_sets.versions(db, name)]
        saved = field_sets.save(db, name, load_plan(file))
        same = saved.version in before
        say(f"“{saved.name}”, version {saved.version}{': nothing has changed' if same else ''}")


@app.command()
def delete(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a saved set with all its versions; jobs keep their fields."""
    with opened() as (_, db):
        saved = field_sets.load(db, name)
        gone = f"“{saved.name}” will be gone for good, with all its versions ({saved.version})."
        if not yes and not typer.confirm(f"{gone} Delete it?", err=True):
            say("Nothing was deleted.")
            raise typer.Exit(Exit.BAD_INPUT)
        field_sets.delete(db, name)
        say(f"“{saved.name}” is deleted.")


@app.command()
def templates(as_json: AsJson = False) -> None:
    """List the templates and their fields."""
    found = {name: [field.name for field in template(name)] for name in template_names()}
    if as_json:
        print_json(found)
        return
    table = Listing("Template", "Fields")
    for name, fields in found.items():
        table.add_row(name, ", ".join(fields))
    Console().print(table)


@app.command("lint")
def lint_fields(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A fields file, saved set or template.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say what is better changed before a job starts; fields that cannot be used end with 2."""
    with opened() as (settings, db):
        found = lint(find_plan(db, source), context_tokens=context_tokens(settings))
        if as_json:
            print_json(
                [
                    {"product_type": one.product_type, "field": one.field, "message": one.message}
                    for one in found
                ]
            )
            return
        for one in found:
            where = f"{one.product_type}: " if one.product_type else ""
            sys.stdout.write(f"{where}{one.message}\n")
        say(f"To improve: {len(found):,}" if found else "Nothing to improve.")
