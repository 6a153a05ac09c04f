"""What a destination is set up with: checked, and with its secrets apart from the rest.

Knows no database and opens no connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from batch.download_forms import Form
from core.errors import DestinationRefused

#: A name that no database has to take apart: letters, digits and underscores.
_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,59}"
#: Stores that a file can be written to; those that only wrap another one are left out.
STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "sftp", "ssh", "ftp", "ftps")
#: Those that are a server whose name stands in the address.
SERVERS = ("sftp", "ssh", "ftp", "ftps")


class DestinationKind(StrEnum):
    """What kind of thing results go to."""

    SQL = "sql"  #: a table of a database
    WEBHOOK = "webhook"  #: a program of the shop's, told by signed posts
    FILE = "file"  #: a file in a folder or an object store
    CHAT = "chat"  #: the shelves that the chat answers from


class SqlSystem(StrEnum):
    """Which database."""

    POSTGRES = "postgresql"  #: PostgreSQL and what speaks its language
    MYSQL = "mysql"  #: MySQL and MariaDB
    SQLITE = "sqlite"  #: a file of this machine


class Encryption(StrEnum):
    """Whether the way to a database is encrypted."""

    OFFERED = "offered"  #: where the server offers it
    ALWAYS = "always"  #: or there is no connection
    CHECKED = "checked"  #: and the server's certificate must be right


def _host(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]{1,250}|/[A-Za-z0-9._/-]{1,200}", text):
        raise ValueError("must be a server's name or address, such as db.example.com")
    return text


def _table(text: str) -> str:
    if not re.fullmatch(rf"({_NAME}\.)?{_NAME}", text):
        raise ValueError(
            "may have letters, digits and underscores, and begins with no digit; "
            "a schema may stand before it: shop.products"
        )
    return text


def _below(text: str) -> str:
    parts = text.split("/")
    if text.startswith(("/", "~")) or "\\" in text or ".." in parts or not text.strip("./ "):
        raise ValueError("must be a place below the folder for exports, without “..”")
    return text


def _pattern(text: str) -> str:
    left = re.sub(r"\{(job|date|time)\}", "", text)
    if not re.fullmatch(r"[\w .-]*", left) or text.startswith((".", " ")):
        raise ValueError("may have letters, digits, spaces, . _ - and {job}, {date}, {time}")
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with https:// or http://")
    return text


def _file_address(text: str) -> str:
    scheme, found, rest = text.partition("://")
    if not found:
        return _below(text)
    if "::" in text or scheme not in (*STORES, "file"):
        raise ValueError(f"must be a folder, or begin with one of {', '.join(STORES)} and ://")
    if ".." in rest.split("/"):
        raise ValueError("must do without “..”")
    if ":" in rest.partition("/")[0].rpartition("@")[0]:
        raise ValueError("must do without a password, which has a field of its own")
    return text


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class SqlOptions(_Options):
    """A table of a database.

    Attributes:
        host: The server; of Postgres also the folder of its socket.
        database: Its name, or the file's place below the folder for exports.
        table: The table's name, after its schema and a dot where it has one.
        adds_columns: Whether columns that a job has and the table has not are added.
    """

    kind: Literal[DestinationKind.SQL] = DestinationKind.SQL
    system: SqlSystem
    host: Annotated[str, AfterValidator(_host)] | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    database: str = Field(min_length=1, max_length=200)
    user: str = Field(default="", max_length=100)
    table: Annotated[str, AfterValidator(_table)]
    encryption: Encryption = Encryption.OFFERED
    adds_columns: bool = True


class WebhookOptions(_Options):
    """A program that is told by signed posts.

    Attributes:
        address: Without what may be a token: see :func:`read`.
        rows_at_once: How many products one post holds at most.
    """

    kind: Literal[DestinationKind.WEBHOOK] = DestinationKind.WEBHOOK
    address: Annotated[str, AfterValidator(_web_address)]
    rows_at_once: int = Field(default=100, ge=1, le=1000)


class FileOptions(_Options):
    """A file that each delivery writes anew.

    Attributes:
        folder: Below the folder for exports, or an address such as ``s3://bucket/folder``.
        name: Of the file, without its ending; ``{job}``, ``{date}`` and ``{time}`` are filled in.
        form: What is written.
        as_uploaded: CSV: written as the uploaded file is.
        provenance: CSV, Excel, Parquet: with where each value came from.
        guard: All that spreadsheets open: whether cells that one would run as formulas are
            made harmless. None: as is usual, in CSV and Excel, and not in feeds.
        complete_only: Feeds: without the products that their reader would refuse.
        endpoint: The server of an object store that is not Amazon's.
        host_key: What the SFTP server is known by, such as ``ssh-ed25519 AAAA…``: not typed, but
            confirmed by a person when the server has shown it, or taken from this machine's list.
    """

    kind: Literal[DestinationKind.FILE] = DestinationKind.FILE
    folder: Annotated[str, AfterValidator(_file_address)]
    name: Annotated[str, AfterValidator(_pattern)] = Field("{job}", min_length=1, max_length=120)
    form: Form = Form.CSV
    as_uploaded: bool = False
    provenance: bool = False
    guard: bool | None = None
    complete_only: bool = False
    endpoint: Annotated[str, AfterValidator(_web_address)] | None = None
    region: str = Field(default="", max_length=40, pattern=r"^[a-z0-9-]*$")
    user: str = Field(default="", max_length=200)
    host_key: str = Field(default="", max_length=4000, pattern=r"^([a-z0-9@.-]+ [A-Za-z0-9+/=]+)?$")


class ChatOptions(_Options):
    """The shelves that the chat answers from.

    Attributes:
        alone: Whether all other products leave them.
    """

    kind: Literal[DestinationKind.CHAT] = DestinationKind.CHAT
    alone: bool = False


Options = SqlOptions | WebhookOptions | FileOptions | ChatOptions

MODELS: dict[DestinationKind, type[_Options]] = {
    DestinationKind.SQL: SqlOptions,
    DestinationKind.WEBHOOK: WebhookOptions,
    DestinationKind.FILE: FileOptions,
    DestinationKind.CHAT: ChatOptions,
}
#: Of each kind, what is only ever stored sealed.
SECRETS: dict[DestinationKind, tuple[str, ...]] = {
    DestinationKind.SQL: ("password",),
    DestinationKind.WEBHOOK: ("rest", "signing"),
    DestinationKind.FILE: ("password",),
    DestinationKind.CHAT: (),
}
_LABELS = {
    "host": "The server",
    "port": "The port",
    "database": "The database",
    "user": "The user",
    "table": "The table's name",
    "address": "The address",
    "folder": "The folder",
    "name": "The file's name",
    "endpoint": "The store's server",
    "region": "The region",
    "rows_at_once": "The number of products in a post",
}


def read(kind: DestinationKind, given: Mapping[str, Any]) -> tuple[Options, dict[str, str]]:
    """What was typed, as options and apart from them the secrets.

    Args:
        kind: What kind of destination.
        given: Options and secrets by name; empty texts count as not given.

    Raises:
        DestinationRefused: Something is missing or wrong; the message names it.
    """
    parts = {name: one for name, one in given.items() if one not in ("", None)}
    secrets = {name: str(parts.pop(name)) for name in SECRETS[kind] if name in parts}
    if kind is DestinationKind.WEBHOOK:
        parts["address"], rest = _without_token(str(parts.get("address", "")).strip())
        if rest:
            secrets["rest"] = rest
    return _checked(kind, parts), secrets


def from_json(stored: Mapping[str, Any]) -> Options:
    """Rebuild options that were stored by ``model_dump``."""
    return _checked(DestinationKind(stored["kind"]), dict(stored))


def receiver(options: Options) -> tuple[str | int | None, ...]:
    """Who is sent the password of a destination: the same as long as this is equal.

    Empty: nobody, as for what lies on this machine.
    """
    if isinstance(options, SqlOptions) and options.system is not SqlSystem.SQLITE:
        return (options.system, options.host, options.port)
    if isinstance(options, FileOptions) and "://" in options.folder:
        scheme, _, rest = options.folder.partition("://")
        server = rest.partition("/")[0] if scheme in SERVERS else ""
        return (scheme, server, options.endpoint)
    return ()


def _checked(kind: DestinationKind, parts: Mapping[str, Any]) -> Options:
    try:
        options: Any = MODELS[kind](**parts)
    except ValidationError as error:
        raise DestinationRefused(_problem(error, parts)) from None
    if isinstance(options, SqlOptions):
        _check_server(options)
    return options  # type: ignore[no-any-return]


def _check_server(options: SqlOptions) -> None:
    if options.system is SqlSystem.SQLITE:
        try:
            _below(options.database)
        except ValueError as error:
            raise DestinationRefused(f"The database file {error}.") from None
    elif not options.host:
        raise DestinationRefused("The server is missing: where does the database run?")


def _problem(error: ValidationError, parts: Mapping[str, Any]) -> str:
    """The first thing that is wrong, in a sentence; never what was typed: it may be a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    label = _LABELS.get(name, f"“{name}”")
    if first["type"] == "missing" and parts.get("system") == SqlSystem.SQLITE:
        return "The file's name is missing, such as products.db. A new file is made if need be."
    if first["type"] == "missing":
        return f"{label} is missing."
    said = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{label} {said[0].lower()}{said[1:]}." if said else f"{label} is wrong."


def _without_token(address: str) -> tuple[str, str]:
    """An address as it may be shown, and all of it where that leaves something out."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    shown = f"{parts.scheme}://{host}{parts.path}"
    return (shown, address) if "@" in parts.netloc or parts.query else (address, "")
