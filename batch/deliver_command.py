"""Delivering from a shell: ``python -m batch deliver`` and ``python -m batch destinations``."""

from __future__ import annotations

import secrets
import time
from typing import Annotated

import typer
from rich.console import Console

from batch import deliveries, destinations, targets
from batch.choice import Choice
from batch.deliveries import Delivery
from batch.destinations import Destination
from batch.job_commands import JobId
from core.console import Exit, Listing, bar, opened, print_json, say
from core.db import Database
from core.errors import NotFoundError
from core.host_keys import fingerprint
from core.statuses import DeliveryStatus

LOOK_S = 0.5
Name = Annotated[str, typer.Argument(metavar="DESTINATION", help="A destination's name or id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]

app = typer.Typer(no_args_is_help=True, help="Where results go: list the destinations, try one.")


def deliver(
    job_id: JobId,
    destination: Name,
    rows: Annotated[Choice, typer.Option(help="Which rows.")] = Choice.DONE,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has ended.")] = True,
    key: Annotated[
        str | None,
        typer.Option(help="Names this request: given twice, it is delivered once."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send a job's results to a destination; a running worker does it."""
    with opened() as (_, db):
        to = _found(db, destination)
        request = f"shell-{key or secrets.token_hex(8)}"
        delivery = deliveries.submit(
            db, to.id, job_id, rows, cause="from a shell", request_key=request
        )
        if wait:
            delivery = _waited(db, delivery)
        if as_json:
            print_json(_json(delivery))
        _told(delivery)


def _waited(db: Database, delivery: Delivery) -> Delivery:
    said = ""
    with bar(f"To {delivery.destination}") as advance:
        while delivery.active:
            advance(delivery.position, delivery.last_row)
            if delivery.reason != said:
                said = delivery.reason
                say(said)
            time.sleep(LOOK_S)
            delivery = deliveries.get(db, delivery.id)
    return delivery


def _told(delivery: Delivery) -> None:
    counts = (
        f"{delivery.rows:,} rows: {delivery.changed:,} changed there, "
        f"{delivery.unchanged:,} there already, {delivery.failed:,} not taken"
    )
    if delivery.active:
        say(f"Delivery {delivery.id} is {delivery.status}; a running worker takes it up.")
        return
    say(f"Delivery {delivery.id} is {delivery.status}. {counts}")
    if delivery.status is not DeliveryStatus.DONE:
        say(delivery.reason or "It was stopped.", style="red")
        raise typer.Exit(Exit.FAILED)
    if delivery.failed:
        raise typer.Exit(Exit.ROWS_FAILED)


@app.command("list")
def list_destinations(as_json: AsJson = False) -> None:
    """List the destinations, with what was sent there last."""
    with opened() as (_, db):
        found, latest = destinations.listing(db), deliveries.latest(db)
        if as_json:
            print_json([_destination(one, latest.get(one.id)) for one in found])
            return
        table = Listing("Destination", "Name", "Kind", "Works?", "Last delivery")
        for one in found:
            works = "" if one.problem is None else "no" if one.problem else "yes"
            last = latest.get(one.id)
            table.add_row(one.id, one.name, one.kind, works, last.status if last else "")
        Console().print(
            table if found else "No destinations yet: set one up on the page Destinations."
        )


@app.command("try")
def try_one(
    destination: Name,
    add_columns: Annotated[
        bool, typer.Option("--add-columns", help="Add columns that its table has not.")
    ] = False,
    host_key: Annotated[
        str | None,
        typer.Option(
            metavar="SHA256:…",
            help="What its SFTP server is to be known by: kept if the server shows that key.",
        ),
    ] = None,
) -> None:
    """Try a destination for real: connect, write something, take it back."""
    with opened() as (settings, db):
        to = _found(db, destination)
        trial = targets.attempt(settings, db, to.id, adds=add_columns)
        if host_key and trial.shown and fingerprint(trial.shown.key).split()[-1] == host_key:
            destinations.keep_key(db, to.id, trial.shown.server, trial.shown.key)
            trial = targets.attempt(settings, db, to.id, adds=add_columns)
        say(trial.said, style=None if trial.works else "red")
        if not trial.works:
            raise typer.Exit(Exit.FAILED)


def _found(db: Database, named: str) -> Destination:
    listed = destinations.listing(db)
    for one in listed:
        if named in (one.id, one.name):
            return one
    names = ", ".join(f"“{one.name}”" for one in listed) or "none yet"
    raise NotFoundError(f"There is no destination “{named}”; there is {names}.")


def _destination(one: Destination, last: Delivery | None) -> dict[str, object]:
    return {
        "destination": one.id,
        "name": one.name,
        "kind": one.kind,
        "options": one.options.model_dump(mode="json"),
        "problem": one.problem,
        "last_delivery": _json(last) if last else None,
    }


def _json(one: Delivery) -> dict[str, object]:
    names = ("rows", "sent", "changed", "unchanged", "failed", "reason", "cause")
    return {
        "delivery": one.id,
        "destination": one.destination,
        "job": one.job_id,
        "choice": one.choice,
        "status": one.status,
        **{name: getattr(one, name) for name in names},
    }
