"""Whether a question is let in: what is refused costs nothing and is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from core.errors import LimitReached
from core.line import Spot
from pages.parts.asking import Asked, give_back
from pages.parts.entry import Shop, open_turnstile
from pages.parts.visitor import address


@dataclass(frozen=True, slots=True)
class Door:
    """What became of a question at the door.

    Attributes:
        spot: Its spot in the line of those that are searched for, if it was let in.
        refusal: Why it was not, and when to ask again; empty if it was, or if nothing was asked.
    """

    spot: Spot | None = None
    refusal: str = ""


@contextmanager
def admitted(shop: Shop, asked: Asked | None) -> Iterator[Door]:
    """Let a question in until the end of the block; one that is refused goes back to its field.

    To be entered before the field is drawn.
    """
    if asked is None:
        yield Door()
        return
    turnstile = open_turnstile()
    with ExitStack() as inside:
        try:
            question = turnstile.question(shop.visitor, address(), len(asked.text))
            door = Door(spot=inside.enter_context(question))
        except LimitReached as error:
            give_back(asked, shop.limits.question_chars)
            door = Door(refusal=f"{error.message} Your question stands in the field below.")
        yield door
