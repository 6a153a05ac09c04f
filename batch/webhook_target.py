"""A program of the shop's as a destination: told of products by signed posts.

It cannot be asked what it has. So what it has taken is kept, and it is told only of
what is new or has changed since; a post that may have arrived is sent again under
the same key, by which the receiver knows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import orjson
import sqlalchemy as sa

from batch.delivery_items import Item, ItemColumn
from batch.destination_options import WebhookOptions
from batch.target import Mark, Refusal, Sent
from core import webhook
from core.db import Database
from core.delivery_tables import delivered
from core.errors import DestinationRefused
from core.settings import Settings

ASKED_AT_ONCE = 500
#: Of these, what was sent may be the matter, not the way it was sent.
ABOUT_CONTENT = (400, 413, 415, 422)
#: Products refused one by one before it is clear that none will be taken.
HOPELESS = 50


class WebhookTarget:
    """A receiver of posts.

    Args:
        settings: Which addresses are closed.
        db: Our tables, which know what it has taken.
        destination_id: The destination.
        options: Where it is.
        secrets: Its whole address, where that holds a token, and the signing secret.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        destination_id: str,
        options: WebhookOptions,
        secrets: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._db = db
        self._id = destination_id
        self._address = secrets.get("rest") or options.address
        self._signing = secrets.get("signing", "")
        self._at_once = options.rows_at_once
        self._taken = 0

    @property
    def at_once(self) -> int:
        """How many products one post holds."""
        return self._at_once

    def prepare(self, columns: Sequence[ItemColumn]) -> None:
        """Nothing has to be prepared: a post says what it holds."""

    def pick(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that are new to it, or that have changed since it was told."""
        known: dict[str, bytes] = {}
        for start in range(0, len(items), ASKED_AT_ONCE):
            some = [one.product_id for one in items[start : start + ASKED_AT_ONCE]]
            query = sa.select(delivered.c.product_id, delivered.c.digest).where(
                delivered.c.destination_id == self._id, delivered.c.product_id.in_(some)
            )
            with self._db.read() as connection:
                known |= {key: bytes(digest) for key, digest in connection.execute(query)}
        return [one for one in items if known.get(one.product_id) != one.digest()]

    def send(self, items: Sequence[Item], mark: Mark, *, again: bool) -> Sent:
        """Post some products; those that are refused are found by halving.

        Raises:
            DestinationRefused: It takes nothing, whatever is sent.
            DestinationError: It cannot be reached, or does not work.
        """
        refused = self._post(items, mark)
        if len(refused) >= HOPELESS and len(refused) == len(items) and not self._taken:
            raise DestinationRefused(f"None of the first products was taken. {refused[0].reason}")
        lost = {one.row_no for one in refused}
        taken = {one.product_id: one.digest() for one in items if one.row_no not in lost}
        self._taken += len(taken)
        return Sent(len(taken), len(taken), tuple(refused), taken)

    def _post(self, items: Sequence[Item], mark: Mark) -> list[Refusal]:
        try:
            self.say("products", {"products": [one.to_json() for one in items]}, mark)
        except DestinationRefused as error:
            if error.status not in ABOUT_CONTENT:
                raise
            if len(items) == 1:
                return [Refusal(items[0].row_no, items[0].product_id, error.message)]
            half = len(items) // 2
            return self._post(items[:half], mark) + self._post(items[half:], mark)
        return []

    def say(self, kind: str, content: Mapping[str, object], mark: Mark) -> None:
        """Post something of a kind; the same thing of the same delivery has the same key."""
        told = {"type": kind, "job": mark.job_id, "delivery": mark.delivery_id, **content}
        payload = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
        key = f"{mark.delivery_id}-{blake2b(payload, digest_size=12).hexdigest()}"
        webhook.send(self._settings, self._address, payload, secret=self._signing, key=key)

    def close(self) -> None:
        """Nothing is kept open."""
