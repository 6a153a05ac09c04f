from __future__ import annotations

from dataclasses import replace

import pytest

from core.facts import IN_STOCK, Filter, Order
from rag.exchange import Role, Turn
from rag.query import Intent, Query
from rag.sample_shop import sample_products
from rag.understanding import WARMING, understand
from tests.rag.small_shop import PRODUCTS, SMALL, Shop

FIND, COUNT, EXTREME, LIST, COMPARE, TALK = (
    Intent.FIND,
    Intent.COUNT,
    Intent.EXTREME,
    Intent.LIST,
    Intent.COMPARE,
    Intent.TALK,
)


OVER_10000 = "battery capacity: over 10,000 mAh"
LOW_TEMPERATURE = "comfort temperature: up to −5 degrees"


@pytest.fixture(scope="module")
def sample() -> Shop:
    return Shop(sample_products())


def one(question: str, *before: str, shop: Shop = SMALL) -> Query:
    """How a single question is understood, after others."""
    history = [Turn(Role.USER, text) for text in before]
    (query,) = understand(question, shop, history=history)
    return query


def chips(query: Query) -> set[str]:
    return {condition.label for condition in query.filters}


@pytest.mark.parametrize(
    ("question", "intent", "labels"),
    [
        # What a thing costs.
        ("tents under $300", LIST, {"tent", "under $300"}),
        ("Do you have tents below 300 dollars?", LIST, {"tent", "under $300"}),
        ("any tent for up to $300", LIST, {"tent", "up to $300"}),
        ("kettles over $50", LIST, {"kettle", "over $50"}),
        ("kettles for at least 50 bucks", LIST, {"kettle", "from $50"}),
        ("tents between $200 and $400", LIST, {"tent", "$200 to $400"}),
        ("kettles $50-$100", LIST, {"kettle", "$50 to $100"}),
        ("a kettle for around $60", LIST, {"kettle", "around $60"}),
        ("kettles $60 or less", LIST, {"kettle", "up to $60"}),
        ("What costs more than $300?", LIST, {"over $300"}),
        ("cheap kettles", FIND, set()),
        # Measures, in whatever unit.
        ("tents under 3 kg", LIST, {"tent", "weight kg: under 3 kg"}),
        ("a tent lighter than 5 pounds", LIST, {"tent", "weight kg: under 5 pounds"}),
        ("Which tents sleep four?", LIST, {"tent", "sleeps: 4"}),
        ("a 4-person tent", LIST, {"tent", "sleeps: 4"}),
        ("tents for at least 3 people", LIST, {"tent", "sleeps: from 3"}),
        ("a 2 litre kettle", LIST, {"kettle", "capacity: 2 litre"}),
        ("kettles between 1 and 2 litres", LIST, {"kettle", "capacity: 1 to 2 litres"}),
        ("tablets with at least 15 inch", LIST, {"tablet", "screen size: from 15 inch"}),
        ("sunscreen with SPF 50", LIST, {"sunscreen", "spf: 50"}),
        ("sunscreen for a 4 year old", LIST, {"sunscreen", "for age 4"}),
        ("headphones with over 30 hours battery", LIST, {"headphones", "battery: over 30 hours"}),
        ("a 65W charger", FIND, {"power: 65W"}),
        ("iPhone 15 Pro 256 GB", FIND, set()),
        # Colours, brands, materials, people.
        ("blue boots", LIST, {"boot", "colour: blue"}),
        ("red or blue boots", LIST, {"boot", "colour: red or blue"}),
        ("boots that are not red", LIST, {"boot", "not red"}),
        ("black boots for women", LIST, {"boot", "colour: black", "for women"}),
        ("men's jackets", LIST, {"jacket", "for men"}),
        ("leather boots", LIST, {"boot", "material: leather"}),
        ("a dress made of linen", LIST, {"dress", "material: linen"}),
        ("Tarnwick boots", LIST, {"boot", "brand: Tarnwick"}),
        ("jackets from Kestrel Fell", LIST, {"jacket", "brand: Kestrel Fell"}),
        ("jackets except Tarnwick", LIST, {"jacket", "not Tarnwick"}),
        ("jackets of any brand but Tarnwick", LIST, {"jacket", "not Tarnwick"}),
        ("boots other than red", LIST, {"boot", "not red"}),
        ("grey jumpers", LIST, {"jumper", "colour: grey"}),
        ("gray jumpers", LIST, {"jumper", "colour: grey"}),
        ("jackets in size XL", LIST, {"jacket", "size: XL"}),
        ("size 38 boots", LIST, {"boot", "size: 38"}),
        ("I am a size M. What waist is that?", FIND, set()),
        ("a tent for a family of four", LIST, {"tent", "sleeps: 4"}),
        ("a lightweight tent for two", FIND, {"tent", "sleeps: 2"}),
        ("gifts for men under $50", FIND, {"under $50"}),
        ("I have a budget of 200 dollars for a jacket", LIST, {"jacket", "up to $200"}),
        # Yes or no.
        ("waterproof boots", LIST, {"boot", "waterproof"}),
        ("jackets that are not waterproof", LIST, {"jacket", "not waterproof"}),
        ("a kettle with temperature control", LIST, {"kettle", "temperature control"}),
        ("a kettle without temperature control", LIST, {"kettle", "not temperature control"}),
        ("wireless headphones", LIST, {"headphones", "wireless"}),
        ("kettles for the dishwasher", LIST, {"kettle", "dishwasher safe"}),
        # Stock.
        ("tents in stock", LIST, {"tent", "in stock"}),
        ("Which boots are available now?", LIST, {"boot", "in stock"}),
        ("Can I get a tent today?", LIST, {"tent", "in stock"}),
        ("sold out tents", LIST, {"tent", "sold out"}),
        ("What is in stock in Kitchen?", LIST, {"in stock", "in Kitchen"}),
        ("products in Electronics under $250", LIST, {"in Electronics", "under $250"}),
        # How many.
        ("How many tents do you have?", COUNT, {"tent"}),
        ("How many tents are in stock?", COUNT, {"tent", "in stock"}),
        ("number of products from Tarnwick", COUNT, {"brand: Tarnwick"}),
        ("How many products do you have?", COUNT, set()),
        (
            "How many blue boots are there under $100?",
            COUNT,
            {"boot", "colour: blue", "under $100"},
        ),
        ("How many people does the Halden 4 sleep?", FIND, set()),
        ("How many points do I get for each dollar?", FIND, set()),
        ("How many days do I have to return a tent?", FIND, set()),
        # The first by a number.
        ("What is your cheapest tent?", EXTREME, {"tent"}),
        ("most expensive headphones", EXTREME, {"headphones"}),
        ("Which tent is the lightest?", EXTREME, {"tent"}),
        ("the cheapest waterproof boots for women", EXTREME, {"boot", "waterproof", "for women"}),
        ("best value tent", FIND, set()),
        # The shop's rules are about no product.
        ("When is shipping free?", FIND, set()),
        ("Is shipping free over $50?", FIND, set()),
        ("How long do I have to return boots?", FIND, set()),
        ("How do I wash a wool jumper?", FIND, set()),
        ("Do you sell gift cards?", FIND, set()),
        # Words that only look like a value.
        ("a stone dress", FIND, set()),
        ("a bag for my tent", FIND, set()),
        ("tent pegs", FIND, set()),
        ("ski boots", FIND, set()),
        ("ice cream", FIND, set()),
        ("a kettle in cream", LIST, {"kettle", "colour: cream"}),
        # Slips and plurals.
        ("waterprof jackets", LIST, {"jacket", "waterproof"}),
        ("headphnes", LIST, {"headphones"}),
        ("noise canceling headphones", LIST, {"headphones", "noise cancelling"}),
        ("Kestral Fell jackets", LIST, {"jacket", "brand: Kestrel Fell"}),
        ("Do you have boats?", FIND, set()),
        # Other languages.
        ("tents unter 300 €", LIST, {"tent", "under €300"}),
        ("tents à moins de 300 €", LIST, {"tent", "under €300"}),
        ("tents por menos de 300 euros", LIST, {"tent", "under €300"}),
        ("wasserdichte boots auf Lager", LIST, {"boot", "waterproof", "in stock"}),
        ("rote boots", LIST, {"boot", "colour: red"}),
        ("boots en stock", LIST, {"boot", "in stock"}),
        # Nothing to look for.
        ("Hello!", TALK, set()),
        ("thank you very much", TALK, set()),
        ("Hallo", TALK, set()),
    ],
)
def test_a_question_becomes_what_the_shop_can_answer(
    question: str, intent: Intent, labels: set[str]
) -> None:
    query = one(question)
    assert (query.intent, chips(query)) == (intent, labels)


@pytest.mark.parametrize(
    ("question", "condition"),
    [
        ("tents under $300", Filter("price", high=300, strict=True, unit="USD")),
        ("tents up to $300", Filter("price", high=300, unit="USD")),
        ("kettles over 50", Filter("price", low=50, strict=True)),
        ("tents under 3 kg", Filter("weight_kg", high=3, strict=True, unit="kg")),
        ("tents under 2500 g", Filter("weight_kg", high=2.5, strict=True, unit="kg")),
        ("kettles of at least 150 cl", Filter("capacity", low=1.5, unit="l")),
        ("blue boots", Filter("colour", texts=("light blue", "navy blue"))),
        ("boots in navy blue", Filter("colour", texts=("navy blue",))),
        ("boots", Filter("product_type", texts=("boot", "hiking boot"))),
        ("hiking boots", Filter("product_type", texts=("hiking boot",))),
        ("boots for women", Filter("audience", texts=("women", "unisex"))),
        ("not waterproof boots", Filter("waterproof", texts=("yes",), negated=True)),
        ("boots in stock", IN_STOCK),
        ("jackets in size XL", Filter("size", texts=("s to xxl",))),
        ("jackets in size M", Filter("size", texts=("s to xxl", "s, m, l"))),
        ("boots in size EU 40", Filter("size", texts=("eu 36 42",))),
        ("boots that are sold out", Filter("stock", high=0)),
    ],
)
def test_a_condition_is_in_the_facts_own_words_and_units(question: str, condition: Filter) -> None:
    assert condition in one(question).filters


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("cheapest tent", Order("price")),
        ("the priciest kettle", Order("price", descending=True)),
        ("lightest tent", Order("weight_kg")),
        ("heaviest tent", Order("weight_kg", descending=True)),
        ("headphones with the longest battery life", Order("battery", descending=True)),
        ("Which kettle holds the most?", Order("capacity", descending=True)),
        ("die günstigste tent", Order("price")),
    ],
)
def test_a_superlative_is_an_order(question: str, order: Order) -> None:
    assert one(question).order == order


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("How much is the Halden 4?", ("price",)),
        ("What does the Quiet One cost?", ("price",)),
        ("How heavy is the Halden 2?", ("weight_kg",)),
        ("Is the Halden 4 in stock?", ("stock",)),
        ("How many Halden 4 tents are left?", ("stock",)),
        ("Is the Halden 4 waterproof?", ("waterproof",)),
        ("What colours does the Halden 4 come in?", ("colour",)),
        ("How many people does the Halden 4 sleep?", ("sleeps",)),
        ("How much does the Halden 2 weigh?", ("weight_kg",)),
        ("How long is the warranty?", ()),
        ("How much is express shipping?", ()),
        ("What does it cost to send something back?", ()),
    ],
)
def test_a_fact_asked_for_is_named_and_no_condition(question: str, fields: tuple[str, ...]) -> None:
    query = one(question)
    assert (query.intent, query.fields) == (FIND, fields)
    assert not any(condition.field in fields for condition in query.filters)
    assert query.text == question


@pytest.mark.parametrize(
    ("question", "subjects"),
    [
        ("Compare the Halden 2 and the Halden 4", ("Halden 2", "Halden 4")),
        ("Halden 2 vs. Halden 4?", ("Halden 2", "Halden 4")),
        ("What is the difference between the Quiet One and the tablet?", ("Quiet One", "tablet")),
        ("Which is lighter, the Halden 2 or the Halden 4?", ("Halden 2", "Halden 4")),
        ("Is the Halden 2 lighter than the Halden 4?", ("Halden 2", "Halden 4")),
        ("Halden 2 or Halden 4: what is the difference?", ("Halden 2", "Halden 4")),
    ],
)
def test_a_comparison_names_its_subjects(question: str, subjects: tuple[str, ...]) -> None:
    query = one(question)
    assert (query.intent, query.subjects, query.filters) == (COMPARE, subjects, ())


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("waterproof hiking shoes under $150", "waterproof hiking shoes"),
        ("a lamp for reading in bed that is in stock", "a lamp for reading in bed"),
        ("tents under 3 kg", ""),
        ("something to keep drinks cold", "something to keep drinks cold"),
    ],
)
def test_words_that_only_state_a_condition_are_not_searched_for(question: str, text: str) -> None:
    assert one(question).text == text


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Do you have tents under $200 and when is shipping free?",
            ["Do you have tents under $200", "when is shipping free?"],
        ),
        ("How much is it? Is it waterproof?", ["How much is it?", "Is it waterproof?"]),
        (
            "Where is the store, and do you take PayPal?",
            ["Where is the store", "do you take PayPal?"],
        ),
        ("tents and kettles under $200", ["tents and kettles under $200"]),
        ("black and white boots", ["black and white boots"]),
        ("Compare the Halden 2 and what is new", ["Compare the Halden 2 and what is new"]),
        ("boots that are light and are waterproof", ["boots that are light and are waterproof"]),
    ],
)
def test_several_questions_in_one_are_taken_apart(question: str, parts: list[str]) -> None:
    assert [query.asked for query in understand(question, SMALL)] == parts


def test_no_more_than_three_questions_are_taken_apart() -> None:
    queries = understand("Is it red? Is it blue? Is it big? Is it good? Is it here?", SMALL)
    assert len(queries) == 3
    assert queries[-1].asked == "Is it big? Is it good? Is it here?"


def test_the_second_of_two_questions_may_lean_on_the_first() -> None:
    first, second = understand("How many tents do you have and which one is the lightest?", SMALL)
    assert (first.intent, second.intent) == (COUNT, EXTREME)
    assert chips(second) == {"tent"}


@pytest.mark.parametrize(
    ("before", "question", "intent", "labels"),
    [
        ("red boots under $100", "and in blue?", LIST, {"boot", "under $100", "colour: blue"}),
        ("red boots", "cheaper ones", LIST, {"boot", "colour: red"}),
        ("red boots", "only those in stock", LIST, {"boot", "colour: red", "in stock"}),
        ("red boots under $100", "what about kettles?", LIST, {"kettle", "under $100"}),
        ("Tarnwick boots in stock", "and jackets?", LIST, {"jacket", "in stock"}),
        ("Show me your tents", "which is the cheapest?", EXTREME, {"tent"}),
        ("How many tents do you have?", "and in stock?", COUNT, {"tent", "in stock"}),
        ("jackets for men", "and for women?", LIST, {"jacket", "for women"}),
        ("Which tents sleep four people?", "and two?", LIST, {"tent", "sleeps: 2"}),
        ("tents under $300", "any under $200?", LIST, {"tent", "under $200"}),
        ("headphones", "only wireless ones", LIST, {"headphones", "wireless"}),
        ("blue boots", "What is your cheapest kettle?", EXTREME, {"kettle"}),
        ("blue boots", "When is shipping free?", FIND, set()),
        ("blue boots", "What costs more than $300?", LIST, {"over $300"}),
        ("blue boots", "And do you have tents?", LIST, {"tent"}),
    ],
)
def test_a_follow_up_carries_on_what_still_holds(
    before: str, question: str, intent: Intent, labels: set[str]
) -> None:
    query = one(question, before)
    assert (query.intent, chips(query)) == (intent, labels)


def test_a_follow_up_about_a_product_stands_alone() -> None:
    query = one("how heavy is it?", "Tell me about the Halden 4")
    assert query.text == "Tell me about the Halden 4 how heavy is it?"
    assert (query.fields, query.sure, query.follows) == (("weight_kg",), True, True)


def test_a_question_that_stands_alone_follows_none() -> None:
    assert not one("How heavy is the Halden 4?", "red boots").follows
    assert not one("How heavy is it?").follows, "there is nothing before it"


def test_a_follow_up_about_the_rules_has_no_conditions() -> None:
    query = one("How do I return it?", "red boots under $100")
    assert query.filters == ()
    assert query.text.endswith("How do I return it?")


def test_cheaper_ones_come_cheapest_first() -> None:
    assert one("cheaper ones", "red boots").order == Order("price")


def test_follow_ups_reach_the_first_question() -> None:
    query = one("and in stock?", "Any boots?", "And blue ones?", "for women?")
    assert chips(query) == {"boot", "colour: blue", "for women", "in stock"}


def test_a_follow_up_is_not_taken_from_other_words_where_it_was_understood_before() -> None:
    before = understand("red boots", SMALL)
    (query,) = understand("in stock?", SMALL, before=before, history=[Turn(Role.USER, "tents")])
    assert chips(query) == {"boot", "colour: red", "in stock"}


@pytest.mark.parametrize("question", ["the second one", "why?", "which one is better?"])
def test_what_rules_cannot_resolve_is_marked(question: str) -> None:
    assert not one(question, "Show me red boots").sure


def test_a_measure_that_may_be_of_two_fields_stays_text() -> None:
    product = PRODUCTS[8]
    value = product.values["weight_kg"]
    parts = {"volume_a": value, "volume_b": value}
    shop = Shop([type(product)("x", "X", values=parts), *PRODUCTS[:4]], version=2)
    query = one("boots under 3 kg", shop=shop)
    assert chips(query) == set()
    assert query.text == "boots under 3 kg"
    assert not query.sure


def test_conditions_taken_away_are_not_stated_again() -> None:
    (query,) = understand("red boots under $100", SMALL)
    colour = next(one for one in query.filters if one.field == "colour")
    (without,) = understand("red boots under $100", SMALL, removed=[colour])
    assert chips(without) == {"boot", "under $100"}
    assert without.text == "red boots"


def test_a_condition_taken_away_is_not_carried_on() -> None:
    before = understand("red boots", SMALL)
    removed = [one for one in before[0].filters if one.field == "colour"]
    (query,) = understand("in stock?", SMALL, before=before, removed=removed)
    assert chips(query) == {"boot", "in stock"}


def test_new_words_of_the_shop_are_known_at_once() -> None:
    kites = [*PRODUCTS, type(PRODUCTS[0])("z", "Kite", department="Kites & Balloons")]
    shop = Shop(PRODUCTS, version=1)
    assert chips(one("products in Kites & Balloons", shop=shop)) == set()
    grown = Shop(kites, version=2)
    assert chips(one("products in Kites & Balloons", shop=grown)) == {"in Kites & Balloons"}


def test_a_word_of_the_language_is_not_taken_for_a_slip() -> None:
    (query,) = understand("Do you have jackets or jackals?", SMALL, is_word=lambda word: True)
    assert "jackals" in query.text


def test_slips_in_short_words_are_forgiven_where_they_are_no_words() -> None:
    (query,) = understand("blue bootz", SMALL, is_word=lambda word: word != "bootz")
    assert chips(query) == {"boot", "colour: blue"}


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Do you have waterproof boots?", "en"),
        ("tents", "en"),
        ("Haben Sie wasserdichte Stiefel für Damen?", "de"),
        ("Combien coûte la livraison ?", "fr"),
        ("¿Cuánto tiempo tengo para devolver un producto?", "es"),
        ("Quanto costa la spedizione?", "it"),
        ("Heeft u waterdichte laarzen?", "nl"),
        ("テントはありますか", "ja"),
    ],
)
def test_the_language_of_a_question_is_told(question: str, language: str) -> None:
    assert one(question).language == language


@pytest.mark.parametrize(
    ("question", "labels"),
    [
        ("Do you have waterproof hiking boots under $150?", {"boot", "waterproof", "under $150"}),
        ("sleeping bags for minus 5 degrees or colder", {"sleeping bag", LOW_TEMPERATURE}),
        ("power banks with more than 10,000 mAh", {"power bank", OVER_10000}),
        ("What is the cheapest thing in Beauty & Care?", {"in Beauty & Care"}),
        ("How many Hushbird products do you have?", {"brand: Hushbird"}),
        ("mugs that can go in the dishwasher", {"mug", "dishwasher safe"}),
        ("Kettle & Crane kettles", {"brand: Kettle & Crane", "kettle"}),
        ("hand cream", {"hand cream"}),
        ("shampoo without a plastic bottle", set()),
        ("What do you have for a baby's sore skin?", set()),
        ("a bag that keeps my clothes dry on a boat trip", set()),
        ("What is EU 43 in US men's sizes?", set()),
        ("Do you sell ski boots?", set()),
        ("What does delivery of a roof box cost?", set()),
        ("a table lamp", set()),
    ],
)
def test_the_sample_shop_is_asked_in_its_own_words(
    question: str, labels: set[str], sample: Shop
) -> None:
    assert chips(one(question, shop=sample)) == labels


TITLED = Shop([replace(item, values={}) for item in (*PRODUCTS, *sample_products())], version=7)


@pytest.mark.parametrize(
    ("question", "intent", "thing"),
    [
        ("how many tents do you have?", COUNT, "tent"),
        ("How many kettles are under $60?", COUNT, "kettle"),
        ("cheapest kettle", EXTREME, "kettle"),
        ("which tent is the most expensive?", EXTREME, "tent"),
        ("tents under $200", LIST, "tent"),
        ("list all boots in stock", LIST, "boot"),
        ("compare Halden 4 and Quad Lite", COMPARE, ""),
        ("how many days do I have to return something?", FIND, ""),
        ("how many people does the Halden 4 sleep?", FIND, ""),
        ("how many points do I get for each dollar?", FIND, ""),
        ("what is the cheapest delivery?", FIND, ""),
        ("how many unicorns do you have?", FIND, ""),
        ("a tent for two", FIND, "tent"),
    ],
)
def test_a_shop_of_which_only_titles_are_known_is_asked_by_their_words(
    question: str, intent: Intent, thing: str
) -> None:
    query = one(question, shop=TITLED)
    assert query.intent is intent
    assert thing in query.text


HOSTILE = [
    "",
    "   \n\t ",
    "😀🎉🔥",
    "<script>alert(1)</script> tents <b>under $300</b>",
    "a" * 10_000,
    "under " * 2_000,
    "$1" * 3_000,
    "between $1 and " * 700,
    "(" * 5_000,
    "compare " * 1_000,
    "x or " * 2_000,
    "? " * 5_000,
    "1,1" * 3_000,
    "how many most longest " * 400,
    "what about and " * 600,
    "9" * 9_000,
    "-5" * 4_000,
    "\x00\ufffd\u202e tents",
    "under $9" + "9" * 400,
    "²³ ½ ٣ under ٣ kg",
    "'" * 9_000,
    "under $.. and ,,, kg",
    "not " * 2_500,
    "\\d+(a+)+$ [[[ {0} {question} %s",
    "DROP TABLE facts; -- ' OR 1=1",
]


@pytest.mark.parametrize("question", HOSTILE)
@pytest.mark.parametrize("before", [(), ("red boots under $100",)])
def test_whatever_is_typed_is_understood_somehow(question: str, before: tuple[str, ...]) -> None:
    history = [Turn(Role.USER, text) for text in before] + [Turn(Role.USER, question)]
    for query in understand(question, SMALL, history=history):
        assert len(query.text) <= 2_100
        assert Query.from_json(query.to_json()) == query


def test_warming_takes_any_shop(sample: Shop) -> None:
    for shop in (Shop([]), sample):
        assert understand(WARMING, shop)


def test_a_shop_without_products_understands_words_only() -> None:
    query = one("cheapest red boots under 3 kg", shop=Shop([], version=3))
    assert query.filters == ()
    assert query.intent is FIND
