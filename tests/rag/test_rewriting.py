"""Questions that a model puts in other words, or does not, in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.chat_lane import ChatLane
from core.pool import open_pool
from core.settings import Settings, load_settings
from core.usage import Call
from rag.exchange import Role, Turn
from rag.languages import language_name
from rag.rewriting import rewrite, translate
from rag.writer import Writer
from tests.fakes import FakeModel, Script

HISTORY = [Turn(Role.USER, "Which tents sleep four?"), Turn(Role.ASSISTANT, "Two: A and B.")]
#: Long enough for a busy machine.
PLENTY_S = 20.0


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel().running() as fake:
        yield fake


@pytest.fixture
def settings(tmp_path: Path, model: FakeModel) -> Settings:
    path = tmp_path / "endpoints.toml"
    path.write_text(f'[[endpoint]]\nname = "e"\nbase_url = "{model.url}"\nmodel = "m"\nslots = 2\n')
    return load_settings(home=tmp_path / "home", endpoints=path)


@pytest.fixture
def writer(settings: Settings) -> Iterator[Writer]:
    with closing(ChatLane(open_pool(settings))) as lane, closing(Writer(lane)) as opened:
        yield opened


def has_been(writer: Writer, first_token_ms: float) -> None:
    """Have the endpoint answer once, its first word after so long."""
    with writer.lane.entry() as entry:
        entry.look()
        entry.first_token_ms = first_token_ms


def test_a_follow_up_is_rewritten_where_the_model_is_fast(model: FakeModel, writer: Writer) -> None:
    has_been(writer, 5)
    model.answer(Script(pieces=('"How much ', 'is tent B?"\n')))
    calls: list[Call] = []
    told = rewrite(writer, "and the second?", HISTORY, "en", PLENTY_S, note=calls.append)
    assert told == "How much is tent B?"
    sent = str(model.requests[-1]["messages"])
    assert "Which tents sleep four?" in sent
    assert "and the second?" in sent
    assert [call.outcome for call in calls] == ["ok"]


@pytest.mark.parametrize("first_token_ms", [None, 1_000.0])
def test_a_model_that_is_slow_or_unknown_is_not_asked(
    first_token_ms: float | None, model: FakeModel, writer: Writer
) -> None:
    if first_token_ms is not None:
        has_been(writer, first_token_ms)
    assert rewrite(writer, "and the second?", HISTORY, "en") is None
    assert model.requests == []


def test_nothing_is_rewritten_without_a_conversation(model: FakeModel, writer: Writer) -> None:
    has_been(writer, 5)
    assert rewrite(writer, "and the second?", [], "en", PLENTY_S) is None
    assert model.requests == []


def test_a_model_that_stalls_is_left_at_the_deadline(model: FakeModel, writer: Writer) -> None:
    model.answer(Script(pieces=("boots",), hangs=True))
    calls: list[Call] = []
    # It sends signs of life for ever: that this comes back at all is the deadline's doing.
    assert translate(writer, "Stiefel?", "de", 4.0, note=calls.append) is None
    assert [call.outcome for call in calls] == ["stopped"]
    assert model.wait_abandoned()


def test_what_was_not_found_is_translated(model: FakeModel, writer: Writer) -> None:
    model.answer(Script(pieces=("waterproof boots",)))
    assert translate(writer, "wasserdichte Stiefel", "de", PLENTY_S) == "waterproof boots"
    assert "German" in str(model.requests[-1]["messages"])


@pytest.mark.parametrize(
    "script",
    [
        Script(status=500),
        Script(pieces=()),
        Script(pieces=(), garbage=b"data: {not json\n\n"),
        Script(pieces=("word " * 500,)),
    ],
    ids=["500", "empty", "half a JSON", "an essay"],
)
def test_whatever_goes_wrong_leaves_the_question_as_it_is(
    script: Script, model: FakeModel, writer: Writer
) -> None:
    model.answer(script)
    assert translate(writer, "Stiefel", "de", PLENTY_S) is None


def test_without_an_endpoint_the_question_stays_as_it_is(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    with closing(ChatLane(open_pool(settings))) as lane, closing(Writer(lane)) as writer:
        assert rewrite(writer, "and the second?", HISTORY, "en", PLENTY_S) is None
        assert translate(writer, "Stiefel", "de", PLENTY_S) is None


@pytest.mark.parametrize(("code", "name"), [("de", "German"), ("pt", "Portuguese"), ("??", "??")])
def test_languages_have_names(code: str, name: str) -> None:
    assert language_name(code) == name
