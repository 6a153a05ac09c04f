from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import products
from core.chat_lane import ChatLane
from core.db import Database
from core.errors import AnswerError, EndpointError, ModelError, RateLimited
from core.pool import open_pool
from core.products import Product
from core.settings import Settings, load_settings
from core.usage_tables import usage
from core.values import Value
from rag.chain import Counter
from rag.exchange import Found, Role, Turn
from rag.query import Query
from rag.reply import Reply
from rag.retriever import Retriever
from rag.writer import Writer
from tests.fakes import FakeModel, Script

pytestmark = pytest.mark.processes
QUESTION = "Which tent sleeps four people?"


def text_of(reply: Reply) -> str:
    return "".join(reply.stream())


def outcomes(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(sa.select(usage.c.outcome)).scalars())


def test_sources_come_before_the_words(counter: Counter, model: FakeModel) -> None:
    reply = counter.ask(QUESTION)
    assert reply.passages[0].id == "product:t1"
    assert reply.passages[0].number == 1
    assert not model.requests
    assert text_of(reply) == reply.text == "Yes [1]."


def test_timing_and_usage_are_complete_after_the_stream(
    counter: Counter, model: FakeModel, shop: Database
) -> None:
    reply = counter.ask(QUESTION, conversation_id="c1")
    text_of(reply)
    timing = reply.timing
    assert timing.first_token_ms is not None
    assert timing.total_ms is not None
    assert 0 < timing.retrieve_ms < timing.first_token_ms <= timing.total_ms
    assert (timing.tokens, timing.prompt_tokens) == (2, 100)
    with shop.read() as connection:
        row = connection.execute(usage.select()).mappings().one()
    assert (row["lane"], row["outcome"], row["conversation_id"]) == ("chat", "ok", "c1")
    assert row["ttft_ms"] > 0


def test_prompt_holds_current_price_and_stock(
    counter: Counter, model: FakeModel, shop: Database
) -> None:
    tent = products.get(shop, ["t1"])["t1"]
    products.publish(shop, [replace(tent, price=Decimal("199.50"), stock=0)])
    text_of(counter.ask(QUESTION))
    facts = model.requests[0]["messages"][-1]["content"]
    assert "[1] Halden 4 Tent, $199.50, out of stock." in facts
    assert "<b>" not in facts


def test_model_is_asked_as_a_compatible_server_expects(counter: Counter, model: FakeModel) -> None:
    text_of(counter.ask(QUESTION))
    request = model.requests[0]
    assert (request["temperature"], request["max_tokens"], request["stream"]) == (0, 220, True)
    assert request["stream_options"] == {"include_usage": True}
    assert "id_slot" not in request


def test_nothing_relevant_asks_no_model(counter: Counter, model: FakeModel) -> None:
    reply = counter.ask("What is the capital of France?")
    assert reply.refused
    assert reply.passages == ()
    assert text_of(reply).startswith("I could not find that in our shop")
    assert reply.timing.total_ms is not None
    assert not model.requests


def test_refusal_says_when_the_shelves_are_still_being_filled(
    counter: Counter, shop: Database
) -> None:
    products.publish(shop, [Product(id="new", title="Not indexed yet")])
    said = text_of(counter.ask("What is the capital of France?"))
    assert "still putting 1 products on its shelves" in said


def test_greeting_is_answered_kindly(counter: Counter) -> None:
    assert text_of(counter.ask("Hello!")).startswith("Hello!")


def test_forgotten_citation_is_added(counter: Counter, model: FakeModel) -> None:
    model.answer(Script(pieces=("The Halden 4 ", "Tent does.")))
    reply = counter.ask(QUESTION)
    assert text_of(reply) == "The Halden 4 Tent does. [1]"
    assert reply.text == "The Halden 4 Tent does. [1]"


def test_citation_of_nothing_never_shows(counter: Counter, model: FakeModel) -> None:
    model.answer(Script(pieces=("The Halden", " [", "9", "] and", " [1", "].")))
    reply = counter.ask(QUESTION)
    pieces = list(reply.stream())
    assert "".join(pieces) == "The Halden and [1]."
    assert all("[9" not in piece for piece in pieces)


def test_follow_up_is_searched_with_its_question(counter: Counter, model: FakeModel) -> None:
    history = [Turn(Role.USER, QUESTION), Turn(Role.ASSISTANT, "The Halden 4 Tent [1].")]
    reply = counter.ask("And is it green?", history)
    assert reply.passages[0].id == "product:t1"
    text_of(reply)
    said = [message["content"] for message in model.requests[0]["messages"]]
    assert QUESTION in said


def test_a_question_that_stands_alone_is_answered_without_what_was_said_before(
    counter: Counter, model: FakeModel
) -> None:
    history = [Turn(Role.USER, "Any kettles?"), Turn(Role.ASSISTANT, "One [1].")]
    text_of(counter.ask(QUESTION, history))
    assert "Any kettles?" not in [one["content"] for one in model.requests[0]["messages"]]


def test_a_follow_up_that_a_model_rewrote_is_still_answered_with_what_was_said_before(
    counter: Counter, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rewritten(*_: object, **__: object) -> str:
        return "Tell me about the Halden 4 Tent"

    monkeypatch.setattr("rag.finding.rewrite", rewritten)
    history = [Turn(Role.USER, QUESTION), Turn(Role.ASSISTANT, "The Halden 4 Tent [1].")]
    text_of(counter.ask("why the first one?", history))
    said = [message["content"] for message in model.requests[0]["messages"]]
    assert QUESTION in said
    assert said[-1].endswith("Question: why the first one?")


def test_closing_the_stream_closes_the_connection(
    counter: Counter, model: FakeModel, shop: Database
) -> None:
    model.answer(Script(pieces=("The ", "Halden "), hangs=True))
    reply = counter.ask(QUESTION)
    pieces = reply.stream()
    assert next(pieces) == "The"
    pieces.close()
    assert model.wait_abandoned()
    assert reply.text == "The"
    assert outcomes(shop) == ["stopped"]
    assert reply.timing.total_ms is not None


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("script", "error", "outcome"),
    [
        (Script(status=500), EndpointError, "http 500"),
        (Script(status=401), EndpointError, "http 401"),
        (Script(status=429, headers=(("Retry-After", "7"),)), RateLimited, "http 429"),
        (Script(pieces=(), garbage=b"data: {not json\n\n"), AnswerError, "bad answer"),
        (Script(pieces=(), garbage=b'data: {"choices": 3}\n\n'), AnswerError, "bad answer"),
        (Script(pieces=()), AnswerError, "bad answer"),
        (Script(delay_s=30), EndpointError, "timed out"),
    ],
    ids=["500", "401", "429", "malformed", "misformed", "empty", "hang"],
)
def test_failure_is_told_to_the_shopper(
    counter: Counter,
    model: FakeModel,
    shop: Database,
    script: Script,
    error: type[ModelError],
    outcome: str,
) -> None:
    model.answer(script)
    reply = counter.ask(QUESTION)
    said = text_of(reply)
    assert isinstance(reply.failure, error)
    assert "What was found in the shop is shown" in reply.details.notice
    assert reply.passages
    assert said == reply.text
    assert said.startswith("Halden 4 Tent: $289.00, 14 in stock. A dome tent that sleeps four")
    assert outcomes(shop) == [outcome]
    assert not reply.refused
    assert len(model.requests) == 1


def test_retry_after_is_kept(counter: Counter, model: FakeModel) -> None:
    model.answer(Script(status=429, headers=(("Retry-After", "7"),)))
    reply = counter.ask(QUESTION)
    text_of(reply)
    assert isinstance(reply.failure, RateLimited)
    assert reply.failure.retry_after_s == 7


def test_break_in_the_middle_keeps_what_was_written(
    counter: Counter, model: FakeModel, shop: Database
) -> None:
    model.answer(Script(pieces=("The Halden sleeps four.",), garbage=b"data: {\n\n"))
    reply = counter.ask(QUESTION)
    text_of(reply)
    assert isinstance(reply.failure, AnswerError)
    assert reply.text == "The Halden sleeps four."
    assert reply.details.notice


def test_silence_in_the_middle_is_given_up(counter: Counter, model: FakeModel) -> None:
    model.answer(Script(pieces=("The Halden", " never"), piece_s=30.0))
    reply = counter.ask(QUESTION)
    text_of(reply)
    assert isinstance(reply.failure, EndpointError)
    assert "took too long" in reply.details.notice


def test_cut_off_answer_shows_that_it_is(counter: Counter, model: FakeModel) -> None:
    model.answer(Script(pieces=("The Halden [1] and",), finish_reason="length"))
    assert text_of(counter.ask(QUESTION)) == "The Halden [1] and…"


def test_embedded_model_that_is_not_started(
    shop: Database, retriever: Retriever, settings: Settings
) -> None:
    with (
        closing(ChatLane(open_pool(settings))) as lane,
        closing(Counter(shop, retriever, Writer(lane))) as counter,
    ):
        counter.warm()
        reply = counter.ask(QUESTION)
        assert reply.passages
        text_of(reply)
        assert "starting" in reply.details.notice
        assert isinstance(reply.failure, EndpointError)
        assert reply.failure.transient


def test_endpoint_that_is_gone(shop: Database, retriever: Retriever, settings: Settings) -> None:
    gone = load_settings(
        home=settings.home, openai_base_url="http://127.0.0.1:9/v1", openai_model="fake"
    )
    with (
        closing(ChatLane(open_pool(gone))) as lane,
        closing(Counter(shop, retriever, Writer(lane))) as counter,
    ):
        reply = counter.ask(QUESTION)
        text_of(reply)
        assert "starting" in reply.details.notice
        assert outcomes(shop) == ["unreachable"]


def test_the_next_question_is_understood_and_answered_with_what_was_published_just_now(
    counter: Counter, shop: Database, model: FakeModel
) -> None:
    question = "Do you have ukuleles in turquoise?"
    assert counter.ask(question).details.queries[0].filters == ()
    products.publish(shop, [Product("u1", "Ukulele", values={"colour": Value("Turquoise")})])
    reply = counter.ask(question)
    assert [passage.id for passage in reply.passages] == ["product:u1"]
    assert [one.field for one in reply.details.queries[0].filters] == ["colour"]
    products.withdraw(shop, ["u1"])
    assert "product:u1" not in [passage.id for passage in counter.ask(question).passages]


def test_what_is_suggested_again_is_not_looked_up_again(
    counter: Counter, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[Query] = []
    search = counter.retriever.search

    def noted(query: Query, k: int = 6) -> Found:
        looked_up.append(query)
        return search(query, k)

    monkeypatch.setattr(counter.retriever, "search", noted)
    seen = []
    for _ in range(2):
        model.answer(Script(pieces=("The Halden 4 sleeps four [1].",)))
        reply = counter.ask(QUESTION, fresh=True)
        looked_up.clear()
        text_of(reply)
        seen.append((reply.details.suggestions, bool(looked_up)))
    (first, was_looked_up), (second, again) = seen
    assert first == second
    assert first
    assert was_looked_up
    assert not again
