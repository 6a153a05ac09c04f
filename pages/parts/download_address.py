"""The address of a download: which file of which job, of which rows, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from batch.choice import Choice
from batch.download_forms import DEFAULTS, Form, Options
from batch.feed_mapping import Source

FOLDER = "download"
#: Parameters that are switched on or off.
_SWITCHES = {
    "as_uploaded": "as_uploaded",
    "provenance": "provenance",
    "guard": "guard",
    "complete_only": "complete",
}
_ON, _OFF = "yes", "no"
#: Before an attribute's name: the column that it is taken from, and what it is otherwise.
_FROM, _OTHERWISE = "from.", "otherwise."


class AddressError(ValueError):
    """An address that asks for what there is not; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for."""

    form: Form
    choice: Choice = Choice.ALL
    options: Options = DEFAULTS


def download_address(
    job_id: str, form: Form, choice: Choice = Choice.ALL, options: Options = DEFAULTS
) -> str:
    """Where a file is fetched, as seen from any page: also under a path of a proxy."""
    query = urlencode([*_parameters(choice, options)])
    return f"{FOLDER}/{job_id}/{form}" + (f"?{query}" if query else "")


def _parameters(choice: Choice, options: Options) -> Iterator[tuple[str, str]]:
    if choice is not Choice.ALL:
        yield "rows", choice
    for name, parameter in _SWITCHES.items():
        wanted = getattr(options, name)
        if wanted != getattr(DEFAULTS, name):
            yield parameter, _ON if wanted else _OFF
    for attribute, source in options.sources.items():
        if source.column is not None:
            yield f"{_FROM}{attribute}", source.column
        if source.otherwise is not None:
            yield f"{_OTHERWISE}{attribute}", source.otherwise


def wanted(form: str, parameters: Iterable[tuple[str, str]]) -> Wanted:
    """What an address asks for, of its last part and its query.

    Raises:
        AddressError: There is no such form, or a parameter has no such value.
    """
    if form not in set(Form):
        raise AddressError(f"There is no such kind of file. There are {', '.join(Form)}.")
    given = dict(parameters)
    rows = given.get("rows", Choice.ALL)
    if rows not in set(Choice):
        raise AddressError(f"“rows” must be one of {', '.join(Choice)}.")
    switches = {
        name: _switch(parameter, given[parameter])
        for name, parameter in _SWITCHES.items()
        if parameter in given
    }
    return Wanted(Form(form), Choice(rows), Options(**switches, sources=_sources(given)))


def _switch(parameter: str, value: str) -> bool:
    if value not in (_ON, _OFF):
        raise AddressError(f"“{parameter}” must be {_ON} or {_OFF}.")
    return value == _ON


def _sources(given: dict[str, str]) -> dict[str, Source]:
    names = {
        key.removeprefix(before): None
        for key in given
        for before in (_FROM, _OTHERWISE)
        if key.startswith(before)
    }
    return {
        name: Source(given.get(f"{_FROM}{name}"), given.get(f"{_OTHERWISE}{name}"))
        for name in names
    }
