"""Publishing from a shell: with a look before, and the way back."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.console import Console

from batch import publish as publishing
from batch.job_commands import JobId
from core import releases
from core.console import Listing, bar, opened, print_json, say
from core.release_changes import Change
from core.releases import Release
from core.statuses import ReleaseStatus

ReleaseId = Annotated[
    str, typer.Argument(metavar="RELEASE", help="A release's id, as `releases` lists it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def publish(
    job_id: JobId,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only make it ready, and show what would change.")
    ] = False,
    alone: Annotated[
        bool, typer.Option("--alone", help="Take all other products off the shelves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job's products to shoppers; `roll-back` takes them back."""
    with opened() as (settings, db):
        release = publishing.prepare(settings, db, job_id, alone=alone)
        if preview:
            _show(releases.look(db, release.id), as_json=as_json)
            return
        with bar("Handing the products over") as advance:
            live = publishing.switch(db, release, lambda done: advance(done, release.products))
        _told(live, as_json=as_json)


def switch(release_id: ReleaseId, as_json: AsJson = False) -> None:
    """Show shoppers what `publish --preview` has made ready."""
    with opened() as (_, db):
        release = releases.get(db, release_id)
        with bar("Handing the products over") as advance:
            live = publishing.switch(db, release, lambda done: advance(done, release.products))
        _told(live, as_json=as_json)


def roll_back(release_id: ReleaseId, as_json: AsJson = False) -> None:
    """Take a release back: its products become what they were before it."""
    with opened() as (_, db):
        release = releases.get(db, release_id)
        with bar("Taking the products back") as advance:
            came = publishing.roll_back(db, release, lambda done: advance(done, release.products))
        if as_json:
            print_json({"release": release_id, "returned": came.returned, "kept": came.kept})
            return
        say(f"{came.returned:,} products are as before; {came.kept:,} changed since stay.")


def list_releases(as_json: AsJson = False) -> None:
    """List what was published, the newest first."""
    with opened() as (_, db):
        found = releases.listing(db)
        if as_json:
            print_json([_json(one) for one in found])
            return
        table = Listing("Release", "Job", "Name", "State", "Products", "Made", "Back?")
        for one in found:
            made = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created_at))
            back = "yes" if one.can_return else ""
            table.add_row(
                one.id, one.source, one.title, one.status, f"{one.products:,}", made, back
            )
        Console().print(table if found else "Nothing was published yet.")


def _show(release: Release, *, as_json: bool) -> None:
    counts = {str(kind): number for kind, number in (release.counts or {}).items()}
    if as_json:
        examples = [one.to_json() | {"kind": str(one.kind)} for one in release.examples]
        print_json(_json(release) | {"counts": counts, "examples": examples})
        return
    say(", ".join(f"{number:,} {kind}" for kind, number in counts.items()) or "No products")
    table = Listing("Product", "Title", "Change")
    for one in release.examples:
        table.add_row(one.product_id, _title(one), one.kind)
    Console().print(table)
    say(f"python -m rag check --release {release.id}      asks the check questions of it")
    say(f"python -m batch switch {release.id}             shows it to shoppers")


def _told(live: Release, *, as_json: bool) -> None:
    if as_json:
        print_json(_json(live))
        return
    say(f"{live.products:,} products are handed to the shop. To take them back:")
    say(f"python -m batch roll-back {live.id}")


def _title(change: Change) -> str:
    item = change.after or change.before
    return item.title if item else ""


def _json(one: Release) -> dict[str, Any]:
    return {
        "release": one.id,
        "job": one.source,
        "title": one.title,
        "status": str(ReleaseStatus(one.status)),
        "products": one.products,
        "can_roll_back": one.can_return,
    }
