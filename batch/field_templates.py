"""Field sets to begin with, one for each kind of shop; they come with the program."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from batch.fields import FieldSet, load_fields
from core.errors import FieldsError

_FOLDER = Path(__file__).parent / "templates"
#: The one that every catalog begins with.
GENERAL = "general"


def template_names() -> tuple[str, ...]:
    """The templates there are: the general one first, then by name."""
    names = sorted(path.stem for path in _FOLDER.glob("*.json"))
    return (GENERAL, *(name for name in names if name != GENERAL))


@cache
def template(name: str) -> FieldSet:
    """The fields of a template.

    Raises:
        FieldsError: There is none of this name; the message says which there are.
    """
    if name not in template_names():
        raise FieldsError(
            f"There is no template “{name}”. There are {', '.join(template_names())}."
        )
    return load_fields(_FOLDER / f"{name}.json")
