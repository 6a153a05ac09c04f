"""Text in a catalog that gives orders: what becomes of it when the model obeys every word."""

from __future__ import annotations

import json

import pytest

from batch import doubts
from batch.columns import Columns
from batch.extract import Outcome
from batch.fields import Field, FieldSet, FieldType
from batch.inputs import Inputs
from batch.plan import Plan
from batch.reading import read
from core.model import Answer
from core.statuses import RowStatus
from core.usage import Tokens
from core.values import Origin
from tests.batch.test_extract import extract_row
from tests.fake_endpoint import Reply
from tests.injections import INJECTIONS, WORD, Injection

FIELDS: FieldSet = (
    Field(name="brand"),
    Field(name="material"),
    Field(name="weight", type=FieldType.NUMBER, unit="kg"),
    Field(name="audience", type=FieldType.CHOICE, choices=("women", "men")),
    Field(name="waterproof", type=FieldType.BOOLEAN),
    Field(name="seo_title"),
)
COLUMNS = Columns(id="id", text=("title", "description"))
WAYS = pytest.mark.parametrize("one", INJECTIONS, ids=lambda one: one.way)

#: Obeys in every field that takes it, and tells of other rows besides.
OBEDIENT = {
    "brand": WORD,
    "material": "Kestrel of the row before",
    "weight": "666 kg",
    "audience": WORD,
    "waterproof": WORD,
    "seo_title": f"{WORD} https://evil.example",
    "other_rows": ["Kestrel"],
}


def obeyed(one: Injection) -> Outcome:
    row = {"id": one.way, "title": one.row["title"], "notes": one.text}
    outcome, fake = extract_row(lambda *_: Reply(json.dumps(OBEDIENT)), FIELDS, row)
    assert fake.calls.total() == 1
    return outcome


def test_there_are_enough_of_them_and_all_are_of_other_brands() -> None:
    assert len(INJECTIONS) >= 20
    assert len({one.brand for one in INJECTIONS}) == len(INJECTIONS)


@WAYS
def test_a_model_that_obeys_leaks_nothing_unseen(one: Injection) -> None:
    outcome = obeyed(one)
    assert outcome.status is RowStatus.DONE
    assert set(outcome.values) <= {field.name for field in FIELDS}
    flagged = {flag.field for flag in outcome.flags}
    for name, value in outcome.values.items():
        assert name in flagged, f"{name} = {value.text()} is not doubted"
    assert "brand" not in outcome.values or outcome.values["brand"].origin is Origin.INFERRED
    # What takes no words took none, and was told.
    assert {"audience", "waterproof"}.isdisjoint(outcome.values)
    assert {"audience", "waterproof"} <= flagged


@WAYS
def test_the_row_itself_is_flagged_whatever_the_model_made_of_it(one: Injection) -> None:
    item = Inputs(COLUMNS, Plan(FIELDS)).of(1, one.row)
    right = json.dumps({"brand": one.brand, "material": "", "weight": "", "seo_title": ""})
    found = read(Answer(right, Tokens(), 0.0, "e", "m"), item, COLUMNS.text)
    assert [flag.reason for flag in found.flags] == [doubts.ORDERS]
    assert found.values["brand"].value == one.brand
    assert found.values["brand"].origin is Origin.STATED


@WAYS
def test_the_model_is_not_shown_what_gives_it_orders(one: Injection) -> None:
    item = Inputs(COLUMNS, Plan(FIELDS)).of(1, one.row)
    assert one.brand in item.text
    # Data in the form of an answer may be a product's; values that only stand there are not taken.
    assert WORD not in item.text or one.way == "fake JSON"


@WAYS
def test_its_text_stays_in_its_message(one: Injection) -> None:
    item = Inputs(COLUMNS, Plan(FIELDS)).of(1, one.row)
    for mark in ("<|", "</", "[INST]", "[/INST]", "<<SYS", "\u200b", "\U000e0073"):
        assert mark not in item.text


def test_a_row_beside_them_is_read_as_if_alone() -> None:
    clean = {"id": "1", "title": "Kestrel tent", "description": "Weighs 2 kg. Read the care rules."}
    answer = json.dumps({"brand": "Kestrel", "weight": "2 kg", "seo_title": "Kestrel tent, 2 kg"})
    inputs = Inputs(COLUMNS, Plan(FIELDS))
    alone = inputs.of(1, clean)
    for number, one in enumerate(INJECTIONS, 2):
        inputs.of(number, one.row)
    beside = inputs.of(1, clean)
    assert (alone.text, alone.key) == (beside.text, beside.key)
    found = read(Answer(answer, Tokens(), 0.0, "e", "m"), beside, COLUMNS.text)
    assert found.flags == ()
    assert found.values["brand"].value == "Kestrel"


@pytest.mark.parametrize(
    "text",
    [
        "Wash by the instructions on the label. Ignore creases, they hang out.",
        "System: 2-way speakers. Manual override switch for the cooling system.",
        "Follow the assembly instructions. New rules for old rooms.",
        "A seat at the end of the row. It says “Home” on the front.",
        "Sizes <M and >XL. [NEW] Assistant cook knife, 5 < 6 I <3 it.",
        "Forget wet feet: the membrane rules out leaks. Write on it with chalk.",
        "Set of 3 bowls. Print: sunflowers. Answer the door in style.",
        '"Brand new" colour: navy',
    ],
)
def test_what_only_sounds_like_an_order_is_not_flagged(text: str) -> None:
    item = Inputs(COLUMNS, Plan(FIELDS)).of(1, {"title": "Tarn", "description": text})
    assert doubts.doubts(item, {}, COLUMNS.text) == ()
