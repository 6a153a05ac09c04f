"""``python -m batch doctor``: tells what is wrong, and mends it where that is wanted."""

from __future__ import annotations

from typing import Annotated

import typer

from batch.doctor import Finding, examine
from core.console import Exit, opened, print_json, say


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Offer to mend what can be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Mend without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Look for what is wrong: databases, files, stuck jobs. Ends with 1 when something is."""
    with opened() as (settings, db):
        left = 0
        found: dict[str, list[str]] = {}
        for name, findings in examine(settings, db):
            found[name] = [one.message for one in findings]
            say(f"{name}: {'all right' if not findings else ''}".rstrip())
            left += sum(not _mended(one, repair=repair, yes=yes) for one in findings)
        if as_json:
            print_json(found)
        raise typer.Exit(Exit.FAILED if left else Exit.OK)


def _mended(finding: Finding, *, repair: bool, yes: bool) -> bool:
    """Tell a finding, and mend it where that is wanted; returns whether it was."""
    say(f"  {finding.message}", style="yellow")
    if finding.mend is None:
        return False
    if not repair:
        say(f"  --repair would {finding.repair}.")
        return False
    if not (yes or typer.confirm(f"  Shall I {finding.repair}?", err=True)):
        return False
    finding.mend()
    say("  Done.", style="green")
    return True
