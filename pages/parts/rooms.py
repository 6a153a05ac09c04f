"""The pages by name: where each is, what it is called, and who may enter it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.roles import Role

COUNTER = "pages/chat.py"


@dataclass(frozen=True, slots=True)
class Room:
    """A page.

    Attributes:
        path: Its script, as Streamlit and links name it.
        title: What it is called in the navigation.
        icon: A Material symbol.
        least: The role that somebody needs to enter it.
        section: Under which heading the navigation lists it; empty: at the top.
    """

    path: str
    title: str
    icon: str
    least: Role = Role.MERCHANDISER
    section: str = ""


#: In the order of the navigation; the first one is the default.
ROOMS = (
    Room(COUNTER, "Ask the shop", ":material/chat:", Role.SHOPPER),
    Room("pages/upload.py", "Upload", ":material/upload_file:", section="Catalog"),
    Room("pages/jobs.py", "Jobs", ":material/list_alt:", section="Catalog"),
    Room("pages/review.py", "Review", ":material/rate_review:", section="Catalog"),
    Room("pages/examples.py", "Examples", ":material/school:", section="Catalog"),
    Room("pages/destinations.py", "Destinations", ":material/outbound:", section="Delivery"),
    Room("pages/schedules.py", "Schedules", ":material/schedule:", section="Delivery"),
    Room("pages/policies.py", "Policies", ":material/policy:", section="Chat"),
    Room("pages/questions.py", "Questions", ":material/forum:", section="Chat"),
    Room("pages/notices.py", "Notices", ":material/notifications:", section="House"),
    Room("pages/pool.py", "Pool", ":material/monitoring:", section="House"),
    Room("pages/people.py", "People", ":material/group:", Role.ADMINISTRATOR, section="House"),
)


def room(path: str) -> Room:
    """The page of a script."""
    return next(one for one in ROOMS if one.path == path)


def titled(title: str) -> Room:
    """The page that is called so."""
    return next(one for one in ROOMS if one.title == title)


def address(one: Room) -> str:
    """The last part of a page's address; empty for the first page."""
    return "" if one.path == COUNTER else Path(one.path).stem


def rooms_of(role: Role) -> list[Room]:
    """The pages that somebody may enter, in the order of the navigation."""
    return [one for one in ROOMS if role.reaches(one.least)]
