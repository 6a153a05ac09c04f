from __future__ import annotations

import pytest

from rag.intake import taken_in
from rag.phrases import Phrase


@pytest.mark.parametrize("most", [50, 1000, 5000])
def test_the_longest_question_is_taken_in_and_a_character_more_is_not(most: int) -> None:
    assert taken_in("a" * most, most).refusal is None
    assert taken_in("a" * (most + 1), most).refusal is Phrase.LONG
