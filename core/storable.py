"""Text columns that leave out what databases refuse.

Postgres takes no NUL in a text, and UTF-8 has no form for half of a surrogate
pair. Either may stand in a merchant's cell or in a model's answer, and must
not cost the other rows that are stored with it.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

_REFUSED = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without what no database takes."""
    # Hardly any text has it, and an ASCII text is known to be one at no cost.
    if text.isascii() and "\x00" not in text:
        return text
    return _REFUSED.sub("", text)


class _Storable(sa.TypeDecorator[str]):
    impl: Any = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class Text(_Storable):
    """A text of any length."""

    impl = sa.Text
    cache_ok = True


class String(_Storable):
    """A text of a bounded length."""

    impl = sa.String
    cache_ok = True
