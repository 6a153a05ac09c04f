"""How each kind of notice looks, and where a notice leads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from core.notices import NoticeKind
from pages.parts.rooms import ROOMS


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of notice is shown: what it is called where one is chosen, and an icon."""

    choice: str
    icon: str


LOOKS = {
    NoticeKind.ENDED: Look("A job is finished", ":material/check_circle:"),
    NoticeKind.REVIEW: Look("Rows wait for review", ":material/rate_review:"),
    NoticeKind.FAILED: Look("A job was stopped by a problem", ":material/error:"),
    NoticeKind.BUDGET: Look("A budget is used up", ":material/payments:"),
    NoticeKind.DELIVERY: Look("A delivery failed", ":material/local_shipping:"),
    NoticeKind.SCHEDULE: Look("A schedule failed", ":material/event_busy:"),
}


def leads_to(link: str) -> tuple[str, dict[str, str]] | None:
    """The page and the query that a notice's link means; None for a page that is not here."""
    parts = urlsplit(link)
    path = f"pages/{parts.path}.py"
    if not any(one.path == path for one in ROOMS):
        return None
    return path, dict(parse_qsl(parts.query))
