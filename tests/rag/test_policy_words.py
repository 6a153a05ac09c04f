from __future__ import annotations

import pytest

from rag.policy_words import policy_words


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("¿Cuánto tiempo tengo para devolver un producto?", "how long do I have to return an item"),
        ("Wie lange kann ich etwas zurückgeben?", "how long do I have to return an item"),
        ("Was kostet der Versand nach Kanada?", "shipping cost Canada"),
        ("Quelle est la garantie ?", "warranty"),
        ("Habt ihr wasserdichte Wanderschuhe?", ""),
    ],
)
def test_matters_of_the_shop_are_known_in_other_languages(question: str, words: str) -> None:
    assert policy_words(question) == words
