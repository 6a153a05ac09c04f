"""Looking after a shop from a shell: ``python -m core backup FILE``, ``restore FILE``.

Progress and messages go to standard error, data to standard output. Exit
codes: 0 done, 1 it could not be done and nothing was changed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from core import backup as making
from core import encrypted
from core import restore as putting_back
from core.console import opened, print_json, reported, say, stages
from core.restore import Restored
from core.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Back a whole shop up into one file, and put it back.",
)
PLAIN = (
    "Keep it like a password: customers' words and stored secrets can be read from it. "
    "`python -m core backup-key FILE` makes a key with which backups are encrypted."
)
ENCRYPTED = "It is encrypted; without one of its keys nobody can read it."
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    with_env: Annotated[
        bool, typer.Option("--with-env", help="Put .env into it too, with the keys in it.")
    ] = False,
    without_catalogs: Annotated[
        bool,
        typer.Option("--without-catalogs", help="Leave out uploaded files, kept safe elsewhere."),
    ] = False,
    for_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="KEY",
            help="Encrypt it for this public key (age1… or ssh-ed25519 …), also several. "
            "Not given: for those in SHOPKEEPER_BACKUP_FOR.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write everything that a shop could not do without to one file, also while it runs."""
    with opened() as (settings, db), stages("Tables") as show:
        keys = for_keys or settings.backup_keys
        made = making.backup(
            settings,
            db,
            path,
            keys=keys,
            environment=with_env,
            catalogs=not without_catalogs,
            progress=show,
        )
    for note in made.notes:
        say(f"Note: {note}", style="yellow")
    size, rows = path.expanduser().stat().st_size, sum(made.tables.values())
    if as_json:
        print_json({"file": str(path), "bytes": size, "rows": rows, "catalogs": made.uploads})
    else:
        what = f"{path}: {rows:,} rows, {made.uploads:,} catalogs, {size / 1e6:,.1f} MB."
        say(f"{what} {ENCRYPTED if keys else PLAIN}")


@app.command("backup-key")
def backup_key(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    as_json: AsJson = False,
) -> None:
    """Make a key for encrypted backups: the file opens them, what is printed encrypts them."""
    with reported():
        public = encrypted.new_key(path.expanduser())
    if as_json:
        print_json({"file": str(path), "public": public})
        return
    say(
        f"{path} opens what is encrypted for the key below. Keep it where the backups are not: "
        f"without it nobody can read them.\n\nSHOPKEEPER_BACKUP_FOR={public}"
    )


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the place of the shop that is there; it is kept."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether it is whole; change nothing.")
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="The key of an encrypted backup."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup back into the home and the database of the settings."""
    with reported(), stages("Checking") as show:
        if check:
            manifest = putting_back.verify(path, key, show)
            done = Restored(manifest.made_at, sum(manifest.tables.values()), [], manifest.notes)
        else:
            done = putting_back.restore(
                load_settings(), path, replace=replace, key=key, progress=show
            )
    for note in done.notes:
        say(f"Note: {note}", style="yellow")
    if as_json:
        print_json({"made_at": done.made_at, "rows": done.rows, "kept": done.kept})
        return
    say(_checked(path, done) if check else _done(done))


def _checked(path: Path, found: Restored) -> str:
    return f"{path} is whole: {found.rows:,} rows, made {_when(found.made_at)}."


def _done(done: Restored) -> str:
    if done.made_at is None:
        first = "The restore that was interrupted has been brought to its end."
    else:
        first = f"Restored {done.rows:,} rows as they were {_when(done.made_at)}."
    kept = f" What was there before is in {' and '.join(done.kept)}." if done.kept else ""
    return f"{first}{kept} Start it with make run; the search index is filled again by itself."


def _when(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


if __name__ == "__main__":
    app()
