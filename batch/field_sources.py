"""Where a plan comes from that a command names: a file, a saved set or a template."""

from __future__ import annotations

from pathlib import Path

from batch import field_sets
from batch.field_templates import template, template_names
from batch.plan import Plan
from batch.plan_file import load_plan
from core.db import Database
from core.errors import FieldsError


def find_plan(db: Database, source: str) -> Plan:
    """The plan of a file; where there is none of this name, of a saved set or template.

    Raises:
        FieldsError: There is neither; the message says which names there are.
    """
    path = Path(source)
    if path.exists() or path.suffix.lower() == ".json":
        return load_plan(path)
    if found := field_sets.versions(db, source):
        return found[0].plan
    if source.casefold() in template_names():
        return Plan(template(source.casefold()))
    saved = ", ".join(f"“{one.name}”" for one in field_sets.listing(db)) or "none"
    raise FieldsError(
        f"“{source}” is neither a file nor a name of fields. Saved sets: {saved}. "
        f"Templates: {', '.join(template_names())}."
    )
