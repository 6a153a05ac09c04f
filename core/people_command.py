"""The people from a shell: ``python -m core.people list|invite|disable|enable``."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from core import invitations, people
from core.console import Listing, opened, print_json, say
from core.db import Database
from core.errors import NotFoundError, PeopleError
from core.people import Account
from core.roles import Role
from core.sign_in_settings import SignIn

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show who may come in, and as what."""
    with opened() as (_, db):
        found = people.listing(db)
        if as_json:
            print_json([asdict(one) for one in found])
            return
        table = Listing("name", "signs in as", "role", "", box=None)
        for one in found:
            state = "" if one.enabled else "shut out"
            table.add_row(one.name, one.login or one.email, one.role, state)
        Console(highlight=False, soft_wrap=True).print(table)


@app.command("invite")
def invite_command(
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.MERCHANDISER,
    login: Annotated[
        str | None, typer.Option(help="Somebody who is known: the link sets a new password.")
    ] = None,
) -> None:
    """Print a link that lets somebody in once, good for a week."""
    with opened() as (settings, db):
        if settings.sign_in is not SignIn.PASSWORD:
            raise PeopleError(
                "Links are for signing in with a password. Set SHOPKEEPER_SIGN_IN to password; "
                "with oidc, roles come from the provider and SHOPKEEPER_OIDC_ADMINISTRATORS."
            )
        known = _known(db, login) if login else None
        token = invitations.invite(
            db,
            known.role if known else role,
            person_id=known.id if known else None,
            now=time.time(),
        )
        typer.echo(invitations.address(settings, token))
        say("Whoever opens it first is let in. It is good once, for a week.")


@app.command("disable")
def disable_command(login: str) -> None:
    """Shut somebody out at once."""
    with opened() as (_, db):
        people.set_enabled(db, _known(db, login).id, False)
        say("Done: they are signed out everywhere.")


@app.command("enable")
def enable_command(login: str) -> None:
    """Let somebody in again who was shut out."""
    with opened() as (_, db):
        people.set_enabled(db, _known(db, login).id, True)
        say("Done.")


def _known(db: Database, login: str) -> Account:
    wanted = people.folded(login)
    found = [one for one in people.listing(db) if wanted in (one.login, one.email)]
    if not found:
        raise NotFoundError(f"Nobody signs in as {login}.")
    return found[0]
