"""Where notices go besides the app: addresses of e-mail and webhooks, and what each wants."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

import sqlalchemy as sa

from core import mail, webhook
from core.db import Database, clock
from core.errors import NotFoundError, ValueRefused
from core.notice_tables import notice_channels as table
from core.notices import NoticeKind
from core.sealed import seal, unseal
from core.settings import Settings

#: What stands in so long a path may be a token.
TOKEN_CHARACTERS = 16

_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")


class ChannelKind(StrEnum):
    """How notices are sent."""

    EMAIL = "email"  #: to an address, through the shop's mail server
    WEBHOOK = "webhook"  #: to a URL, as a signed post


@dataclass(frozen=True, slots=True)
class Hook:
    """What a webhook needs, and nobody else may know."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notices go.

    Attributes:
        target: An e-mail address, or of a webhook what may be shown: whoever knows a whole
            address can often post there.
        kinds: Which notices it gets.
        enabled: Whether it gets any at the moment.
        sealed: Of a webhook, where it is and what its posts are signed with; see :func:`hook`.
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
        SettingError: Another one was stored under another key.
    """
    target, hook = target.strip(), None
    if kind is ChannelKind.EMAIL:
        target = mail.checked(target)
    else:
        hook = Hook(_checked(target), webhook.new_secret())
    if _is_there(settings, db, hook.url if hook else target):
        raise ValueRefused("Notices go there already.")
    channel_id = secrets.token_hex(8)
    row = {
        "id": channel_id,
        "kind": kind,
        "target": _shown(hook.url) if hook else target,
        "kinds": _wanted(kinds),
        "enabled": True,
        "sealed": _sealed(settings, hook) if hook else None,
    }
    with db.write() as connection:
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


def hook(settings: Settings, channel: Channel) -> Hook:
    """Where a webhook is, and what its posts are signed with.

    Raises:
        SettingError: It was stored under another key.
    """
    return Hook(**json.loads(unseal(settings, channel.sealed or "")))


def renew(settings: Settings, db: Database, channel: Channel) -> str:
    """Sign with a new secret from now on; returns it."""
    new = replace(hook(settings, channel), secret=webhook.new_secret())
    _change(db, channel.id, {"sealed": _sealed(settings, new)})
    return new.secret


def _sealed(settings: Settings, hook: Hook) -> str:
    return seal(settings, json.dumps(asdict(hook)))


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or _SPACE.search(url):
        raise ValueRefused("The address of a webhook must look like https://example.com/hook.")
    return url


def _shown(url: str) -> str:
    """Enough of an address to know it again."""
    parts = urlsplit(url)
    end = url[-4:] if len(parts.path + parts.query) > TOKEN_CHARACTERS else ""
    return f"{parts.scheme}://{parts.hostname}/…{end}"


def _wanted(kinds: Collection[NoticeKind]) -> list[str]:
    if not kinds:
        raise ValueRefused("Choose at least one kind of notice.")
    return [str(kind) for kind in NoticeKind if kind in kinds]


def _is_there(settings: Settings, db: Database, address: str) -> bool:
    known = [
        hook(settings, one).url if one.kind is ChannelKind.WEBHOOK else one.target
        for one in listing(db)
    ]
    return address.lower() in (one.lower() for one in known)


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
