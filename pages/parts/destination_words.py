"""Destinations and deliveries in the merchant's words."""

from __future__ import annotations

from batch.choice import Choice
from batch.deliveries import Delivery
from batch.destination_options import (
    ChatOptions,
    DestinationKind,
    Encryption,
    FileOptions,
    Options,
    SqlOptions,
    SqlSystem,
    WebhookOptions,
)
from core.statuses import DeliveryStatus
from pages.parts.words import State, several

KINDS: dict[DestinationKind, tuple[str, str, str]] = {
    DestinationKind.SQL: (
        "Database table",
        ":material/database:",
        "A table of Postgres, MySQL or SQLite: made for you, one row for each product.",
    ),
    DestinationKind.WEBHOOK: (
        "Webhook",
        ":material/webhook:",
        "An address of your web shop, which is sent what is new or has changed, signed.",
    ),
    DestinationKind.FILE: (
        "File",
        ":material/folder_open:",
        "A file in a folder or in an object store such as S3, written anew each time.",
    ),
    DestinationKind.CHAT: (
        "The chat",
        ":material/storefront:",
        "The shelves that the chat answers from.",
    ),
}
SYSTEMS = {
    SqlSystem.POSTGRES: "Postgres",
    SqlSystem.MYSQL: "MySQL or MariaDB",
    SqlSystem.SQLITE: "SQLite file",
}
ENCRYPTIONS = {
    Encryption.OFFERED: "If the server offers it",
    Encryption.ALWAYS: "Always",
    Encryption.CHECKED: "Always, and check the server's certificate",
}
CHOICES = {
    Choice.ALL: "All rows",
    Choice.DONE: "Rows with a result",
    Choice.APPROVED: "Approved rows",
    Choice.FLAGGED: "Flagged rows",
}
#: Only a file has something to say about rows without a result.
CHOICES_OF = {
    kind: {
        choice: word
        for choice, word in CHOICES.items()
        if choice is not Choice.ALL or kind is DestinationKind.FILE
    }
    for kind in DestinationKind
}
_STATES = {
    DeliveryStatus.WAITING: State("Waiting to start", "gray", ":material/schedule:"),
    DeliveryStatus.RUNNING: State("Sending", "blue", ":material/autorenew:"),
    DeliveryStatus.PAUSED: State("Paused", "orange", ":material/pause_circle:"),
    DeliveryStatus.CANCELLED: State("Cancelled", "gray", ":material/cancel:"),
    DeliveryStatus.DONE: State("Delivered", "green", ":material/check_circle:"),
    DeliveryStatus.FAILED: State("Stopped by a problem", "red", ":material/error:"),
}
_SOME_FAILED = State("Delivered in part", "orange", ":material/warning:")
_HELD_UP = State("Trying again", "orange", ":material/hourglass_top:")


def state(delivery: Delivery) -> State:
    """How a delivery is shown."""
    if delivery.status is DeliveryStatus.DONE and delivery.failed:
        return _SOME_FAILED
    if delivery.active and delivery.reason:
        return _HELD_UP
    return _STATES[delivery.status]


def where(options: Options) -> str:
    """Where a destination is, without its secrets."""
    if isinstance(options, SqlOptions):
        if options.host is None:
            return f"Table {options.table} in the file {options.database} of the export folder"
        place = f"{options.host}:{options.port}" if options.port else options.host
        return f"Table {options.table} in {options.database} at {place}"
    if isinstance(options, WebhookOptions):
        return options.address
    if isinstance(options, FileOptions):
        return f"{options.folder}/{options.name}{options.form.suffix}"
    assert isinstance(options, ChatOptions)
    return (
        "All other products leave the shelves"
        if options.alone
        else "Beside the products that are on the shelves"
    )


def counts(delivery: Delivery) -> str:
    """What became of the rows of a delivery, in a line."""
    if not delivery.rows and not delivery.active:
        return "There was nothing to deliver"
    parts = [f"{delivery.changed:,} changed there"]
    if delivery.unchanged:
        parts.append(f"{delivery.unchanged:,} there already")
    if delivery.failed:
        parts.append(f"{delivery.failed:,} not taken")
    if delivery.status is DeliveryStatus.DONE:
        return f"{several(delivery.rows, 'row')}: {', '.join(parts)}"
    through = delivery.sent + delivery.failed
    so_far = f"{through:,} of {several(delivery.rows, 'row')} sent so far"
    return f"{so_far}: {', '.join(parts)}" if through else so_far
