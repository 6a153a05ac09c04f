"""Where notices go besides the app: addresses of e-mail and webhooks, and what each wants."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core import mail, webhook
from core.db import Database, clock
from core.errors import NotFoundError, ValueRefused
from core.notice_tables import notice_channels as table
from core.notices import NoticeKind
from core.sealed import seal, unseal
from core.settings import Settings

_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")


class ChannelKind(StrEnum):
    """How notices are sent."""

    EMAIL = "email"  #: to an address, through the shop's mail server
    WEBHOOK = "webhook"  #: to a URL, as a signed post


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notices go.

    Attributes:
        target: An e-mail address or a URL.
        kinds: Which notices it gets.
        enabled: Whether it gets any at the moment.
        sealed: What its posts are signed with; see :func:`secret_of`.
    """

    id: str
    kind: ChannelKind
    target: str
    kinds: frozenset[NoticeKind]
    enabled: bool
    sealed: str | None


def listing(db: Database) -> Sequence[Channel]:
    """All channels, the oldest first."""
    query = table.select().order_by(table.c.created_at, table.c.id)
    with db.read() as connection:
        return [_channel(row) for row in connection.execute(query).mappings()]


def get(db: Database, channel_id: str) -> Channel:
    """One channel.

    Raises:
        NotFoundError: There is none of this id.
    """
    query = table.select().where(table.c.id == channel_id)
    with db.read() as connection:
        found = connection.execute(query).mappings().first()
    if found is None:
        raise NotFoundError("This address for notices was removed meanwhile.")
    return _channel(found)


def add(
    settings: Settings,
    db: Database,
    kind: ChannelKind,
    target: str,
    kinds: Collection[NoticeKind],
) -> Channel:
    """Have notices sent to an address from now on.

    Raises:
        ValueRefused: It is no address of this kind, is there already, or gets nothing.
    """
    target = _checked(kind, target)
    channel_id = secrets.token_hex(8)
    row = {
        "id": channel_id,
        "kind": kind,
        "target": target,
        "kinds": _wanted(kinds),
        "enabled": True,
        "sealed": None if kind is ChannelKind.EMAIL else seal(settings, webhook.new_secret()),
    }
    with db.write() as connection:
        if _is_there(connection, kind, target):
            raise ValueRefused(f"Notices go to {target} already.")
        connection.execute(table.insert().values(row | {"created_at": clock(connection)}))
    return get(db, channel_id)


def choose(db: Database, channel_id: str, kinds: Collection[NoticeKind]) -> None:
    """Say which notices a channel gets.

    Raises:
        ValueRefused: None at all.
    """
    _change(db, channel_id, {"kinds": _wanted(kinds)})


def enable(db: Database, channel_id: str, enabled: bool) -> None:
    """Have a channel rest, or get notices again; what happens meanwhile is not sent later."""
    _change(db, channel_id, {"enabled": enabled})


def remove(db: Database, channel_id: str) -> None:
    """Send nothing there any more."""
    with db.write() as connection:
        connection.execute(table.delete().where(table.c.id == channel_id))


def secret_of(settings: Settings, channel: Channel) -> str:
    """What the posts to a webhook are signed with.

    Raises:
        SettingError: It was stored under another key.
    """
    return unseal(settings, channel.sealed or "")


def _checked(kind: ChannelKind, target: str) -> str:
    target = target.strip()
    if kind is ChannelKind.EMAIL:
        return mail.checked(target)
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.hostname or _SPACE.search(target):
        raise ValueRefused("The address of a webhook must look like https://example.com/hook.")
    return target


def _wanted(kinds: Collection[NoticeKind]) -> list[str]:
    if not kinds:
        raise ValueRefused("Choose at least one kind of notice.")
    return [str(kind) for kind in NoticeKind if kind in kinds]


def _is_there(connection: Connection, kind: ChannelKind, target: str) -> bool:
    same = sa.and_(table.c.kind == kind, sa.func.lower(table.c.target) == target.lower())
    return connection.execute(sa.select(table.c.id).where(same)).first() is not None


def _change(db: Database, channel_id: str, values: dict[str, object]) -> None:
    with db.write() as connection:
        connection.execute(table.update().where(table.c.id == channel_id).values(values))


def _channel(row: sa.RowMapping) -> Channel:
    return Channel(
        id=row["id"],
        kind=ChannelKind(row["kind"]),
        target=row["target"],
        kinds=frozenset(NoticeKind(one) for one in row["kinds"]),
        enabled=row["enabled"],
        sealed=row["sealed"],
    )
