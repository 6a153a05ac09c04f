"""A model endpoint that misbehaves, the same for everyone who asks it the same.

``python -m benchmarks.faulty_endpoint PORT DELAY_S``; ``/tally`` tells what it did.
Which fault a call meets depends on its row and on how often that row was asked
before, by a hash: everyone's first call for row 17 meets the same. The answer
depends on the row too, so that a repaired answer can be told from a right one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

RETRY_AFTER_S = 1.0
#: Clocks and sockets take their time: a retry so little too early is none.
SLACK_S = 0.05
ROW = re.compile(r"Model (\d+):")


class Fault(StrEnum):
    """What can go wrong with a call."""

    LIMITED = "429"  #: with Retry-After
    SERVER = "500"  #: with an error as JSON
    MALFORMED = "malformed body"  #: status 200, and a body that is no JSON
    DROPPED = "dropped connection"  #: closed without an answer
    CUT = "cut, said stop"  #: half an answer that claims to be whole
    LENGTH = "cut, said length"  #: half an answer that says so


#: Chosen so that the first calls of 1,000 rows meet each fault as often as its share says.
SEED = 1126
#: Share of the calls that meet each, by its upper bound.
TRANSPORT = (
    (0.10, Fault.LIMITED),
    (0.20, Fault.SERVER),
    (0.25, Fault.MALFORMED),
    (0.30, Fault.DROPPED),
)
#: Share of the rows whose answer is cut off, and of these, those that always are.
CUT_SHARE, ALWAYS_SHARE = 0.11, 1 / 3


def _chance(*parts: object) -> float:
    """A number from 0 to 1 that looks random and is always the same for the same parts."""
    text = ":".join(str(part) for part in (SEED, *parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56


def transport_fault(number: int, attempt: int) -> Fault | None:
    """What the call meets before there is an answer."""
    chance = _chance("transport", number, attempt)
    return next((fault for bound, fault in TRANSPORT if chance < bound), None)


def cut(number: int, answered: int) -> Fault | None:
    """Whether the row's answer is cut off, when it was answered so often before."""
    if _chance("cut", number) >= CUT_SHARE:
        return None
    if answered and _chance("always", number) >= ALWAYS_SHARE:
        return None
    return Fault.CUT if _chance("kind", number) < 0.5 else Fault.LENGTH


def answer(number: int) -> dict[str, Any]:
    """What is true of a row of :func:`benchmarks.batch.row`, and of no other."""
    return {
        "brand": "Acme",
        "color": "red",
        "material": "waxed cotton",
        "size": "S to XXL",
        "waterproof": True,
        "tags": ["jacket", f"model {number}", "hood"],
        "seo_title": f"Acme jacket {number}, red and waxed",
    }


@dataclass
class Tally:
    """What the endpoint did and saw.

    Attributes:
        calls: All.
        faults: Calls by the fault that they met.
        cut_rows: Rows that were given half an answer at least once.
        early: Retries that came before the Retry-After of the same row's last call.
        most_for_a_row: Calls for the row that was asked most often.
    """

    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cut_rows: int = 0
    early: int = 0
    most_for_a_row: int = 0


class Endpoint:
    """Answers by row."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._asked: Counter[int] = Counter()
        self._answered: Counter[int] = Counter()
        self._not_before: dict[int, float] = {}
        self._cut: set[int] = set()
        self._tally = Tally()

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        found = ROW.search(await request.text())
        if found is None:
            return _error(400, "There is no row in this.")
        number = int(found[1])
        fault = self._meet(number)
        await asyncio.sleep(self._delay_s)
        if fault is Fault.DROPPED:
            assert request.transport is not None
            request.transport.abort()
        if fault is Fault.LIMITED:
            self._not_before[number] = time.monotonic() + RETRY_AFTER_S
        return _response(number, fault)

    def _meet(self, number: int) -> Fault | None:
        """Note a call for a row; returns what goes wrong with it."""
        tally = self._tally
        tally.calls += 1
        tally.early += time.monotonic() < self._not_before.pop(number, 0.0) - SLACK_S
        fault = transport_fault(number, self._asked[number])
        self._asked[number] += 1
        if fault is None:
            fault = cut(number, self._answered[number])
            self._answered[number] += 1
            if fault is not None:
                self._cut.add(number)
        if fault is not None:
            tally.faults[fault] += 1
        return fault

    async def tally(self, _: web.Request) -> web.Response:
        """What happened so far."""
        self._tally.cut_rows = len(self._cut)
        self._tally.most_for_a_row = max(self._asked.values(), default=0)
        return web.json_response(vars(self._tally))


def _response(number: int, fault: Fault | None) -> web.Response:
    if fault is Fault.LIMITED:
        wait = {"Retry-After": f"{RETRY_AFTER_S:g}"}
        return _error(429, "Rate limit reached for requests.", headers=wait)
    if fault is Fault.SERVER:
        return _error(500, "The server had an error while processing your request.")
    text, finish_reason = json.dumps(answer(number)), "stop"
    if fault in (Fault.CUT, Fault.LENGTH):
        text = text[: int(len(text) * (0.3 + 0.5 * _chance("where", number)))]
        finish_reason = "length" if fault is Fault.LENGTH else "stop"
    body = json.dumps(_completion(text, finish_reason))
    if fault is Fault.MALFORMED:
        body = body[: len(body) // 2]
    return web.Response(text=body, content_type="application/json")


def _completion(text: str, finish_reason: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "fake",
        "object": "chat.completion",
        "created": 1,
        "model": "fake",
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": message}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 60, "total_tokens": 260},
    }


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    told = {"error": {"message": message, "type": "error", "param": None, "code": None}}
    return web.json_response(told, status=status, headers=headers)


def app(delay_s: float) -> web.Application:
    """The endpoint as an aiohttp application."""
    endpoint = Endpoint(delay_s)
    application = web.Application()
    application.router.add_post("/v1/chat/completions", endpoint.chat)
    application.router.add_get("/tally", endpoint.tally)
    return application


if __name__ == "__main__":
    port, delay_s = int(sys.argv[1]), float(sys.argv[2])
    web.run_app(app(delay_s), host="127.0.0.1", port=port, print=None, access_log=None)
