"""A row longer than what a model reads at once: cut with a note, the rest read when it matters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batch.fields import Field, FieldSet, FieldType
from batch.parts import MORE_PARTS, likeliest, split
from batch.prompt import ROW_CHARACTERS
from batch.reading import CUT
from core.statuses import RowStatus
from core.values import Origin
from tests.batch.test_extract import extract_row
from tests.fake_endpoint import Reply, Script

FIELDS: FieldSet = (
    Field(name="brand"),
    Field(name="capacity", type=FieldType.NUMBER, unit="l", description="litres it holds"),
)
FILLER = "Packed with care and sent within a day. "


def row(*stated: tuple[int, str], length: int = 24_000) -> dict[str, str]:
    """A row whose description says things at these characters."""
    text = FILLER * (length // len(FILLER))
    for at, words in stated:
        text = f"{text[:at]} {words} {text[at:]}"
    return {"id": "1", "title": "Bottle", "notes": text}


def reader(**found: str) -> Script:
    """Answers with what it reads, for the fields that it is asked for."""

    def answer(text: str, _before: int) -> Reply:
        asked: dict[str, Any] = {
            name: value if value in text else "" for name, value in found.items()
        }
        return Reply(json.dumps(asked))

    return answer


def test_a_value_at_character_20_000_is_found() -> None:
    cells = row((20_000, "It holds 2.5 l."), (10, "By Acme."))
    outcome, fake = extract_row(reader(brand="Acme", capacity="2.5 l"), FIELDS, cells)
    assert outcome.status is RowStatus.DONE
    assert {name: one.value for name, one in outcome.values.items()} == {
        "brand": "Acme",
        "capacity": 2.5,
    }
    capacity = outcome.values["capacity"]
    assert capacity.origin is Origin.STATED
    assert cells["notes"][capacity.start : capacity.end] == "2.5 l"
    assert outcome.attempts == fake.calls.total()
    assert outcome.tokens.prompt == 100 * fake.calls.total()
    assert outcome.flags == ()


def test_only_what_is_missing_is_asked_of_the_rest() -> None:
    cells = row((20_000, "It holds 2.5 l."), (10, "By Acme."))
    _, fake = extract_row(reader(brand="Acme", capacity="2.5 l"), FIELDS, cells)
    asked = [
        list(body["response_format"]["json_schema"]["schema"]["properties"])
        for body in fake.requests
    ]
    assert asked[0] == ["brand", "capacity"]
    assert asked[1:] == [["capacity"]] * (len(asked) - 1)
    assert all(len(body["messages"][1]["content"]) <= ROW_CHARACTERS for body in fake.requests)


def test_a_row_with_all_values_in_its_first_part_costs_one_call() -> None:
    cells = row((10, "By Acme. It holds 2.5 l."))
    outcome, fake = extract_row(reader(brand="Acme", capacity="2.5 l"), FIELDS, cells)
    assert fake.calls.total() == 1
    assert "Read 1 of the 5 parts of this long text." in outcome.notes
    assert outcome.flags == ()


def test_the_part_that_speaks_of_the_field_is_read_however_far_it_is() -> None:
    cells = row((90_000, "Capacity: holds 2.5 l in litres."), (10, "By Acme."), length=120_000)
    outcome, fake = extract_row(reader(brand="Acme", capacity="2.5 l"), FIELDS, cells)
    assert outcome.values["capacity"].value == 2.5
    assert fake.calls.total() <= 1 + MORE_PARTS


def test_what_is_nowhere_costs_a_bounded_number_of_calls_and_is_flagged() -> None:
    cells = row((10, "By Acme."), length=120_000)
    outcome, fake = extract_row(reader(brand="Acme", capacity="2.5 l"), FIELDS, cells)
    assert fake.calls.total() == outcome.attempts == 1 + MORE_PARTS
    assert [(flag.field, flag.reason) for flag in outcome.flags] == [(None, CUT)]
    assert outcome.notes[0].startswith(f"Read {1 + MORE_PARTS} of the ")


def test_a_required_value_may_stand_in_the_rest() -> None:
    fields = (Field(name="brand", required=True),)
    outcome, _ = extract_row(reader(brand="Acme"), fields, row((20_000, "By Acme.")))
    assert outcome.values["brand"].value == "Acme"


def test_a_required_value_that_is_nowhere_fails_the_row_once_and_counts_every_call() -> None:
    fields = (Field(name="brand", required=True),)
    outcome, fake = extract_row(reader(brand="Acme"), fields, row())
    assert outcome.status is RowStatus.FAILED
    assert outcome.error == "No value for the required brand."
    assert outcome.values == {}
    assert fake.calls.total() == outcome.attempts == 1 + MORE_PARTS


def test_a_part_that_cannot_be_read_does_not_cost_the_others() -> None:
    cells = row((20_000, "It holds 2.5 l."), (10, "By Acme."))

    def answer(text: str, before: int) -> Reply:
        if "Acme" not in text and "2.5" not in text:
            return Reply(status=400, body=b"{}")
        return reader(brand="Acme", capacity="2.5 l")(text, before)

    outcome, _ = extract_row(answer, FIELDS, cells)
    assert outcome.values["capacity"].value == 2.5
    assert any(note.startswith("A further part: ") for note in outcome.notes)


NUMBERS = [str(number) for number in range(5000)]
TEXTS = ["", "short", " ".join(NUMBERS), "".join(NUMBERS), "".join(map(chr, range(0x4E00, 0x9E00)))]


@pytest.mark.parametrize("text", TEXTS, ids=["blank", "short", "words", "no spaces", "Chinese"])
def test_every_character_is_in_some_part(text: str) -> None:
    parts = split(text, ROW_CHARACTERS)
    assert all(len(part) <= ROW_CHARACTERS for part in parts)
    assert len("".join(parts)) >= len(text)
    at = 0
    for part in parts:
        found = text.find(part, max(0, at - 200))
        assert 0 <= found <= at
        at = found + len(part)
    assert at == len(text)


def test_a_part_ends_with_a_sentence_or_a_word() -> None:
    first, *_ = split(FILLER * 1000, ROW_CHARACTERS)
    assert first.endswith(". ")
    first, second, *_ = split("word " * 5000, ROW_CHARACTERS)
    assert first.endswith("word ")
    assert second.startswith("word")


def test_parts_that_say_nothing_of_a_field_come_as_they_stand() -> None:
    parts = ["first", "a", "b", "holds so many litres", "d", "e"]
    assert likeliest(parts, FIELDS) == [1, 2, 3]
    assert likeliest(["first", "a", "b", "c", "d", "it holds litres"], FIELDS) == [1, 2, 5]
