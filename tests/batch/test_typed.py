from __future__ import annotations

import pytest

from batch.fields import Field, FieldType
from batch.typed import typed
from core.errors import ValueRefused

LENGTH = Field(name="length", type=FieldType.NUMBER, unit="cm")
COLOUR = Field(name="colour", type=FieldType.CHOICE, choices=("Blue", "Red"))


@pytest.mark.parametrize(("given", "value"), [("12", 12.0), ("12 in", 30.48), ("1,5 m", 150.0)])
def test_a_number_may_be_typed_in_another_unit(given: str, value: float) -> None:
    assert typed(LENGTH, given) == value


@pytest.mark.parametrize("given", ["12 kg", "10 x 20", "long"])
def test_what_is_no_length_is_refused(given: str) -> None:
    with pytest.raises(ValueRefused, match="one number of cm"):
        typed(LENGTH, given)


def test_a_choice_may_be_typed_in_its_own_way_but_is_not_guessed() -> None:
    assert typed(COLOUR, "BLUE") == "Blue"
    with pytest.raises(ValueRefused, match="one of Blue, Red"):
        typed(COLOUR, "red and blue")
