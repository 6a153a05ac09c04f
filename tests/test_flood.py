"""Many shoppers at once on the real app: all are answered, or asked politely to come later."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from core import products
from core.db import open_database
from core.settings import load_settings
from tests import running
from tests.fakes import FakeModel, Script
from tests.shopper import Visit, shopper

pytestmark = [pytest.mark.processes, pytest.mark.alone, pytest.mark.timeout(1800)]

QUESTIONS = Path(__file__).parent / "rag" / "questions.json"
#: So many answers are written at once, and nobody waits for more.
ANSWERS = 12
LIMITS = {"SHOPKEEPER_ANSWERS": str(ANSWERS), "SHOPKEEPER_WAITING": "0"}
#: However busy the machine is.
PATIENCE_S = 300.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("flood") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    written = Script(("We ", "have ", "that ", "[1]."), delay_s=2.0)
    with FakeModel([written]).running() as model:
        where = {"OPENAI_BASE_URL": model.url, "OPENAI_MODEL": "fake", "SHOPKEEPER_SLOTS": "32"}
        with running.shop(home, **where, **LIMITS) as address:
            until_on_the_shelves(home)
            yield address


def until_on_the_shelves(home: Path) -> None:
    db = open_database(load_settings(home=home))
    deadline = time.monotonic() + 600
    while not products.count(db) or products.count_pending(db):
        assert time.monotonic() < deadline, "the sample shop was not indexed"
        time.sleep(0.2)
    db.close()


def questions(opening: str) -> list[str]:
    """Questions that nobody has asked before."""
    stored = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return [f"{opening}{one['question']}" for one in stored if one["relevant"]]


def at_once(address: str, asked: list[str]) -> list[Visit]:
    """All open their pages, and when all stand there, ask in the same moment."""

    async def run() -> list[Visit]:
        async with aiohttp.ClientSession() as http, AsyncExitStack() as pages:
            everybody = []
            for _ in asked:
                one = await pages.enter_async_context(shopper(http, address))
                opened = await one.open(PATIENCE_S)
                assert not opened.troubles
                everybody.append(one)
            asking = [one.ask(text, PATIENCE_S) for one, text in zip(everybody, asked, strict=True)]
            return list(await asyncio.gather(*asking))

    return asyncio.run(run())


def test_twelve_at_once_are_all_answered(address: str) -> None:
    visits = at_once(address, questions("")[:ANSWERS])
    assert not [trouble for one in visits for trouble in one.troubles]
    assert not [one.said for one in visits if one.refused_at]
    assert all(one.prose for one in visits)


def test_sixty_at_once_are_answered_or_told_when_to_ask_again(address: str, home: Path) -> None:
    visits = at_once(address, [*questions("Hello, "), *questions("Please tell me: ")][:60])
    assert not [trouble for one in visits for trouble in one.troubles]
    refused = [one for one in visits if one.refused_at]
    assert refused, "nobody waits, and there are not places for all"
    assert all(one.prose or one.refused_at for one in visits)
    assert sum(not one.refused_at for one in visits) >= ANSWERS
    told = " ".join(text for one in refused for text in one.said)
    assert "Please ask again in about" in told
    assert "Traceback" not in (home / "logs" / "page.log").read_text(errors="replace")


def test_after_the_flood_a_question_is_answered_as_before(address: str) -> None:
    (visit,) = at_once(address, ["Hey, a lamp for the bedside table"])
    assert not visit.troubles
    assert not visit.refused_at
    assert "We have that" in visit.prose
