"""Reads ``endpoints.toml``; every error names the line and the key.

``endpoints.example.toml`` explains each key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails

from core import redaction
from core.endpoints import BATCH_MB, BATCH_PRICE, BATCH_REQUESTS, Endpoint, Feature
from core.errors import SettingError
from core.statuses import Lane

TABLE = "endpoint"
_WORDS = {
    "extra_forbidden": "there is no such key; endpoints.example.toml lists them all",
    "missing": "this key is missing",
}

Price = Annotated[float, Field(ge=0)]
#: Gives the value of an environment variable, or None.
Variables = Callable[[str], str | None]


class _Entry(BaseModel):
    """One ``[[endpoint]]`` as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w .-]+$")]
    embedded: bool = False
    base_url: Annotated[str, Field(pattern=r"^https?://.+")] | None = None
    model: str | None = None
    key_env: str | None = None
    slots: Annotated[int, Field(ge=1, le=4096)] | None = None
    reserve: Annotated[int, Field(ge=0, le=4096)] | None = None
    beside_chat: Annotated[int, Field(ge=0)] | None = None
    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    input_price: Price = 0.0
    output_price: Price = 0.0
    cached_price: Price | None = None
    batch_price: Price = BATCH_PRICE
    batch_requests: Annotated[int, Field(ge=1, le=BATCH_REQUESTS)] = BATCH_REQUESTS
    batch_mb: Annotated[float, Field(gt=0, le=BATCH_MB)] = BATCH_MB
    lanes: Annotated[list[Lane], Field(min_length=1)] = list(Lane)
    supports: list[Feature] | None = None

    @field_validator("lanes", "supports", mode="after")
    @classmethod
    def _once(cls, value: list[Any] | None) -> list[Any] | None:
        if value is not None and len(set(value)) < len(value):
            raise ValueError("names something twice")
        return value


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    endpoint: Annotated[list[_Entry], Field(min_length=1)]


def read_endpoints(path: Path, embedded: Endpoint, variable: Variables) -> tuple[Endpoint, ...]:
    """The endpoints of a file, in its order.

    Args:
        path: The file.
        embedded: What the embedded model is without the file.
        variable: Looks up the variables that hold the keys.

    Raises:
        SettingError: The file cannot be read or says something impossible.
    """
    try:
        text = path.read_text(encoding="utf-8")
        parsed = _File.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingError(f"{path} (SHOPKEEPER_ENDPOINTS) cannot be read: {reason}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{path.name} is not valid TOML: {error}.") from error
    except ValidationError as error:
        problems = "; ".join(_problem(text, item) for item in error.errors())
        raise SettingError(f"{path.name}: {problems}.") from error
    file = _Lines(path.name, text)
    _check_names(parsed.endpoint, file)
    return tuple(
        _endpoint(entry, at, file, embedded, variable, parsed.currency)
        for at, entry in enumerate(parsed.endpoint)
    )


class _Lines:
    """Where something stands in the file, for errors."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def error(self, at: int, key: str, problem: str) -> SettingError:
        """A problem with a key of the endpoint at this place, from 0."""
        return SettingError(f"{self._name}: line {_line(self._text, at, key)}, {key}: {problem}.")


def _check_names(entries: list[_Entry], file: _Lines) -> None:
    names = [entry.name for entry in entries]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise file.error(at, "name", f"another endpoint is called {name!r} already")
    if sum(entry.embedded for entry in entries) > 1:
        last = max(at for at, entry in enumerate(entries) if entry.embedded)
        raise file.error(last, "embedded", "there is only one embedded model")


def _endpoint(
    entry: _Entry, at: int, file: _Lines, embedded: Endpoint, variable: Variables, currency: str
) -> Endpoint:
    for key in ("base_url", "model"):
        given = getattr(entry, key) is not None
        if given == entry.embedded:
            problem = "the embedded model has its own" if given else "this key is missing"
            raise file.error(at, key, problem)
    base = embedded if entry.embedded else Endpoint(entry.name, "", "")
    slots = entry.slots or base.slots
    if entry.slots and entry.embedded:
        # As many as before for batch; what is added or missing is the chat's.
        base = replace(base, reserve=max(0, slots - base.batch_slots))
    if entry.reserve is not None and entry.reserve >= slots > 1:
        raise file.error(at, "reserve", f"must leave batch at least one of the {slots} slots")
    chosen = entry.model_dump(exclude_none=True, exclude={"embedded", "key_env"}) | {
        "slots": slots,
        "api_key": _key(entry, at, file, variable),
        "lanes": frozenset(entry.lanes),
        "supports": base.supports if entry.supports is None else frozenset(entry.supports),
        "currency": currency,
    }
    parts = {name: getattr(base, name) for name in Endpoint.__dataclass_fields__}
    return Endpoint(**(parts | chosen))


def _key(entry: _Entry, at: int, file: _Lines, variable: Variables) -> SecretStr:
    if entry.key_env is None:
        return SecretStr("none")
    value = variable(entry.key_env)
    if not value:
        raise file.error(at, "key_env", f"the variable {entry.key_env} is not set")
    redaction.hide(value)
    return SecretStr(value)


def _problem(text: str, item: ErrorDetails) -> str:
    """One of Pydantic's findings, with its line."""
    location: tuple[str | int, ...] = item["loc"]
    words = _WORDS.get(item["type"], item["msg"].removeprefix("Value error, "))
    given = "" if item["type"] in _WORDS else f" (got {item['input']!r})"
    if len(location) >= 3 and location[0] == TABLE:
        key = str(location[2])
        return f"line {_line(text, int(location[1]), key)}, {key}: {words}{given}"
    key = str(location[0])
    if key == TABLE:
        return "there must be at least one [[endpoint]]"
    return f"line {_line(text, None, key)}, {key}: {words}{given}"


def _line(text: str, at: int | None, key: str) -> int:
    """The line of a key of the endpoint at this place; of its heading where the key is missing.

    TOML's own reader keeps no lines, so this looks for them as a person would.
    """
    headings = [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if re.match(rf"\s*\[\[\s*{TABLE}\s*\]\]", line)
    ]
    first, last = 0, len(text.splitlines())
    if at is not None and at < len(headings):
        first = headings[at]
        last = headings[at + 1] - 1 if at + 1 < len(headings) else last
    for number, line in enumerate(text.splitlines()[first:last], start=first + 1):
        if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return number
    return max(1, first)
