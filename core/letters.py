"""Letters that have no look of their own, and what a text is without them.

Control characters give orders to a terminal; marks that turn the direction of
writing turn our own words beside somebody's text, too.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text without such letters; ends of lines stay, all of one kind."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
