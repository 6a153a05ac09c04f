"""Demonstrations of coffees, and a search among them that needs no model."""

from __future__ import annotations

from collections.abc import Sequence

from batch.fields import parse_fields
from batch.lessons import Lessons
from core.nearest import Demonstration

FIELDS = parse_fields([{"name": "brand"}, {"name": "roast"}, {"name": "size"}])


def coffee(number: int, text: str, **answer: str | None) -> Demonstration:
    return Demonstration(f"{number:03}", "Coffee", text, answer)


COFFEES = [
    coffee(1, "Acme Dark Roast Coffee, 12 oz", brand="Acme", roast="Dark Roast", size="12 oz"),
    coffee(2, "Bolt Light Roast Beans, 24 oz", brand="Bolt", roast="Light Roast", size="24 oz"),
    coffee(3, "Cask Dark Roast Pods, 10 oz", brand="Cask", roast="Dark Roast", size="10 oz"),
    coffee(4, "Dune Dark Ale Coffee, 8 oz", brand="Dune", roast=None, size="8 oz"),
    coffee(5, "Elm Medium Roast Coffee, 2 lb", brand="Elm", roast="Medium Roast", size="2 lb"),
    coffee(6, "Fox Light Roast Coffee, 16 oz", brand="Fox", roast="Light Roast", size="16 oz"),
    coffee(7, "Gale Dark Roast Coffee, 30 oz", brand="Gale", roast="Dark Roast", size="30 oz"),
    coffee(8, "Hill Medium Roast Beans, 9 oz", brand="Hill", roast="Medium Roast", size="9 oz"),
]


def shares_words(found: Sequence[Demonstration]) -> Lessons:
    """Lessons from demonstrations, of which the three that share the most words are shown."""

    def of_type(product_type: str) -> list[Demonstration]:
        return [one for one in found if one.product_type.casefold() == product_type.casefold()]

    def nearest(texts: Sequence[str], product_type: str, k: int) -> list[list[Demonstration]]:
        def alike(text: str) -> list[Demonstration]:
            words = set(text.split())
            return sorted(
                of_type(product_type), key=lambda one: -len(words & set(one.text.split()))
            )

        return [alike(text)[:k] for text in texts]

    return Lessons(of_type, nearest, shown=3)
