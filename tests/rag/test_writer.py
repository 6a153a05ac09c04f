"""One answer, whichever endpoint gives it: failing over, waiting in line, and what is recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from core.chat_lane import ChatLane
from core.errors import EndpointError, ModelError, NoEndpoint
from core.grants import Wish
from core.pool import Pool, open_pool
from core.settings import Settings, load_settings
from core.statuses import Mode
from rag import writer
from rag.exchange import Kind, Passage
from rag.writer import Brief, Writer, Writing
from tests.fakes import FakeModel, Script

BRIEF = Brief(
    "Which tent?", (Passage(1, "policy:a#1", Kind.POLICY, "Tents", "", "Two tents.", 0.5),)
)
GOOD = Script(pieces=("The ", "tent [1]."))


@pytest.fixture
def models() -> Iterator[tuple[FakeModel, FakeModel]]:
    with FakeModel().running() as one, FakeModel().running() as two:
        two.answer(GOOD)
        yield one, two


@pytest.fixture
def both(tmp_path: Path, models: tuple[FakeModel, FakeModel]) -> Settings:
    path = tmp_path / "endpoints.toml"
    path.write_text(
        "\n".join(
            f'[[endpoint]]\nname = "e{at}"\nbase_url = "{model.url}"\nmodel = "m"\nslots = 2\n'
            for at, model in enumerate(models)
        )
    )
    return load_settings(home=tmp_path / "home", endpoints=path, call_timeout_s=4.0)


@pytest.fixture
def begin(both: Settings) -> Iterator[Writing]:
    with closing(ChatLane(open_pool(both))) as lane, closing(Writer(lane)) as opened:
        yield opened.begin(BRIEF)


def text_of(writing: Writing) -> str:
    return "".join(writing.stream())


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (Script(status=500), "http 500"),
        (Script(status=429), "http 429"),
        (Script(status=401), "http 401"),
        (Script(delay_s=30), "timed out"),
        (Script(pieces=(), breaks=True), "bad answer"),
        (Script(pieces=(), garbage=b"data: {not json\n\n"), "bad answer"),
    ],
    ids=["500", "429", "401", "silent", "empty", "half a JSON"],
)
def test_a_failure_before_the_first_word_is_answered_by_another_endpoint(
    script: Script, outcome: str, models: tuple[FakeModel, FakeModel], begin: Writing
) -> None:
    models[0].answer(script)
    assert text_of(begin) == "The tent [1]."
    assert [(call.endpoint, call.outcome) for call in begin.calls] == [
        ("e0", outcome),
        ("e1", "ok"),
    ]


def test_a_failure_after_the_first_word_is_told_since_the_words_are_on_the_screen(
    models: tuple[FakeModel, FakeModel], begin: Writing
) -> None:
    models[0].answer(Script(pieces=("The ",), garbage=b"data: {not json\n\n"))
    with pytest.raises(ModelError):
        text_of(begin)
    assert not models[1].requests


def test_when_all_fail_the_last_reason_is_told(
    models: tuple[FakeModel, FakeModel], begin: Writing
) -> None:
    models[0].answer(Script(status=500))
    models[1].answer(Script(status=503))
    with pytest.raises(EndpointError, match="503"):
        text_of(begin)
    assert [call.outcome for call in begin.calls] == ["http 500", "http 503"]


def test_an_endpoint_that_failed_lately_is_not_asked_first(
    models: tuple[FakeModel, FakeModel], both: Settings
) -> None:
    models[0].answer(Script(status=429, headers=(("Retry-After", "60"),)))
    with closing(ChatLane(open_pool(both))) as lane, closing(Writer(lane)) as opened:
        for _ in range(3):
            assert text_of(opened.begin(BRIEF)) == "The tent [1]."
    assert len(models[0].requests) == 1


def test_patience_is_shorter_where_another_endpoint_could_answer(
    models: tuple[FakeModel, FakeModel], both: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SILENCE_WITH_OTHERS_S", 0.3)
    models[0].answer(Script(delay_s=30))
    patient = both.model_copy(update={"call_timeout_s": 60.0})
    with closing(ChatLane(open_pool(patient))) as lane, closing(Writer(lane)) as opened:
        began = time.monotonic()
        assert text_of(opened.begin(BRIEF)) == "The tent [1]."
        assert time.monotonic() - began < 15, "half of what the first one takes"


def test_paused_endpoints_are_told_apart_from_broken_ones(both: Settings, begin: Writing) -> None:
    with closing(open_pool(both)) as pool:
        for name in ("e0", "e1"):
            pool.set_mode(name, Mode.PAUSED)
    with pytest.raises(NoEndpoint, match=r"has paused its models\. What was found"):
        text_of(begin)


def test_who_has_to_wait_is_given_empty_pieces_and_may_leave(
    models: tuple[FakeModel, FakeModel], both: Settings
) -> None:
    with closing(ChatLane(open_pool(both))) as lane, closing(Writer(lane)) as opened:
        with ExitStack() as others:
            for _ in range(4):
                others.enter_context(lane.entry())
            leaving = opened.begin(BRIEF).stream()
            assert next(leaving) == ""
            leaving.close()
            staying = opened.begin(BRIEF)
            pieces = staying.stream()
            assert next(pieces) == ""
            assert states(lane.pool) == [(2, 1), (2, 0)]
        assert "".join(pieces) in ("The tent [1].", "Yes [1].")
        assert staying.calls[0].queue_ms > 0
        assert states(lane.pool) == [(0, 0), (0, 0)]


def states(pool: Pool) -> list[tuple[int, int]]:
    """Slots in use by people, and people waiting, of each endpoint."""
    return [(state.chat, state.waiting) for state in pool.states()[0]]


def test_first_words_and_failures_reach_the_pool(
    models: tuple[FakeModel, FakeModel], both: Settings
) -> None:
    models[0].answer(Script(status=500))
    with closing(ChatLane(open_pool(both))) as lane, closing(Writer(lane)) as opened:
        text_of(opened.begin(BRIEF))
        first, second = lane.pool.states()[0]
        assert (first.condition.failures, first.condition.reason) == (
            1,
            "it answered with an error (500)",
        )
        assert second.condition.usual_first_token_ms is not None


def test_a_slot_of_its_own_is_named_where_the_server_can_use_it(
    tmp_path: Path, models: tuple[FakeModel, FakeModel]
) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(
        f'[[endpoint]]\nname = "llama"\nbase_url = "{models[1].url}"\nmodel = "m"\nslots = 4\n'
        'supports = ["id_slot", "json_schema"]\n'
    )
    settings = load_settings(home=tmp_path / "home", endpoints=path)
    with closing(ChatLane(open_pool(settings))) as lane, closing(Writer(lane)) as opened:
        endpoint = lane.pool.roster.endpoints()[0]
        (grant,) = lane.pool.sync([Wish(endpoint, 9, 9, 0, 0, 1.0)], ()).values()
        text_of(opened.begin(BRIEF))
    taken = {lease.slot for lease in grant.leases}
    assert taken == {1, 2, 3}
    assert models[1].requests[0]["id_slot"] == 0
