"""From a destination to what speaks to it; and trying whether it works."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from batch import destinations, jobs
from batch.delivery_items import ItemColumn, item_columns
from batch.destination_options import (
    ChatOptions,
    FileOptions,
    SqlOptions,
    WebhookOptions,
)
from batch.destinations import Destination
from batch.file_target import FileTarget
from batch.server_keys import ssh_server
from batch.sql_table import MissingColumns
from batch.sql_target import SqlTarget
from batch.target import Mark, Target
from batch.webhook_target import WebhookTarget
from core import products
from core.db import Database
from core.errors import HostKeyRefused, ShopkeeperError
from core.host_keys import ShownKey
from core.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a destination has shown.

    Attributes:
        said: In a sentence.
        missing: Columns that its table has not, and that could be added.
        shown: The key of its SFTP server, where that is not the one that is known.
    """

    works: bool
    said: str
    missing: tuple[str, ...] = ()
    shown: ShownKey | None = None


def open_target(settings: Settings, db: Database, destination: Destination) -> Target:
    """What speaks to a destination that takes products one by one.

    Raises:
        SettingError: Its secrets were sealed with another key.
        DestinationRefused: It is elsewhere than it may be.
    """
    secrets = destinations.secrets_of(settings, db, destination.id)
    options = destination.options
    if isinstance(options, SqlOptions):
        return SqlTarget(settings, options, secrets.get("password", ""))
    assert isinstance(options, WebhookOptions), "the others are written whole"
    return WebhookTarget(settings, db, destination.id, options, secrets)


def open_file(settings: Settings, db: Database, destination: Destination) -> FileTarget:
    """What writes a destination's file."""
    assert isinstance(destination.options, FileOptions)
    secrets = destinations.secrets_of(settings, db, destination.id)
    return FileTarget(settings, destination.options, secrets.get("password", ""))


def attempt(settings: Settings, db: Database, destination_id: str, *, adds: bool = False) -> Trial:
    """Try a destination for real; what is found is kept with it.

    Args:
        adds: Whether columns that its table has not are to be added now.

    Raises:
        NotFoundError: It is gone.
    """
    destination = destinations.get(db, destination_id)
    try:
        trial = Trial(True, _tried(settings, db, destination, adds=adds))
    except MissingColumns as error:
        trial = Trial(False, error.message, error.columns)
    except HostKeyRefused as error:
        trial = Trial(False, error.message, shown=error.shown)
    except ShopkeeperError as error:
        log.info("destination %s does not work", destination_id)
        trial = Trial(False, error.message)
    destinations.note_try(db, destination_id, "" if trial.works else trial.said)
    return trial


def _tried(settings: Settings, db: Database, destination: Destination, *, adds: bool) -> str:
    options = destination.options
    if isinstance(options, SqlOptions):
        secrets = destinations.secrets_of(settings, db, destination.id)
        with closing(SqlTarget(settings, options, secrets.get("password", ""))) as table:
            added = table.make_ready(_columns(db), adds=adds or options.adds_columns)
            table.probe()
        more = f" Added: {', '.join(added)}." if added else ""
        return f"The table “{options.table}” is there and takes products.{more}"
    if isinstance(options, WebhookOptions):
        target = open_target(settings, db, destination)
        assert isinstance(target, WebhookTarget)
        words = {"message": "Shopkeeper tries whether you hear it.", "at": time.time()}
        target.say("ping", words, Mark("try", ""))
        return "A signed test message was sent, and taken."
    if isinstance(options, FileOptions):
        shown = open_file(settings, db, destination).probe()
        if shown:
            destinations.keep_key(db, destination.id, ssh_server(options), shown)
        return "A file was written there, and removed."
    assert isinstance(options, ChatOptions)
    return f"The chat answers from {products.count(db):,} products."


def _columns(db: Database) -> Sequence[ItemColumn]:
    """Of the newest job: what will most likely be delivered."""
    newest = jobs.listing(db, limit=1)
    return item_columns(newest[0].fields) if newest else ()
