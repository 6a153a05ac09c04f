"""What a provider does with batches: validates, answers by row, expires, cancels, and counts."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fake_endpoint import Reply, completion

WORKING = ("validating", "in_progress", "finalizing")

#: Told the row's text and how often it was worked on before; None leaves the row out.
Script = Callable[[str, int], Reply | None]


@dataclass
class Times:
    """How long things take, in seconds."""

    upload_s: float = 0.0
    create_s: float = 0.0
    validate_s: float = 0.05
    work_s: float = 0.2  #: of a whole batch
    finalize_s: float = 0.05
    cancel_s: float = 0.1


@dataclass
class Stored:
    """A file there."""

    info: dict[str, Any]
    content: bytes


@dataclass
class BatchWork:
    """The work on batches, in the event loop of who takes them in.

    Attributes:
        paid: Answers given, by the row's text.
        most_requests: Requests that it takes in one batch.
        most_bytes: Bytes that it takes in one file.
        most_enqueued: Requests that it has at most in all batches together.
        expire_after: How many requests of each next batch are done when it expires.
        refusal: Errors that every new batch fails with.
    """

    script: Script
    times: Times = field(default_factory=Times)
    paid: Counter[str] = field(default_factory=Counter)
    files: dict[str, Stored] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    most_requests: int = 50_000
    most_bytes: int = 200_000_000
    most_enqueued: int = 1_000_000
    expire_after: list[int] = field(default_factory=list)
    refusal: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        self.ids = count(1)
        self._worked: Counter[str] = Counter()
        self._order = random.Random(5)

    def statuses(self) -> list[str]:
        """The states of all batches, the oldest first."""
        return [batch["status"] for batch in self.batches.values()]

    def sizes(self) -> list[int]:
        """How many requests each batch had, the oldest first."""
        return [batch["request_counts"]["total"] for batch in self.batches.values()]

    def store(self, content: bytes, name: str, purpose: str) -> Stored:
        """Keep a file."""
        info: dict[str, Any] = {
            "id": f"file-{next(self.ids)}",
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": purpose,
            "status": "processed",
        }
        self.files[info["id"]] = Stored(info, content)
        return self.files[info["id"]]

    async def work(self, batch: dict[str, Any]) -> None:
        """Take a batch from its validation to its end."""
        await self._pass(batch, self.times.validate_s)
        content = self.files[batch["input_file_id"]].content
        problems = [*self.refusal, *self._problems(content, batch["endpoint"])]
        if problems and batch["status"] == "validating":
            batch |= {"status": "failed", "failed_at": int(time.time())}
            batch["errors"] = {"object": "list", "data": problems}
            return
        lines = [json.loads(line) for line in content.splitlines()]
        batch["request_counts"]["total"] = len(lines)
        if batch["status"] == "validating":
            batch |= {"status": "in_progress", "in_progress_at": int(time.time())}
        await self._answer_all(batch, lines)

    async def _pass(self, batch: dict[str, Any], seconds: float) -> None:
        """Let time pass, unless the batch is cancelled meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and batch["status"] != "cancelling":
            await asyncio.sleep(min(0.02, seconds))

    def _problems(self, content: bytes, endpoint: str) -> list[dict[str, Any]]:
        """What is wrong with a file, as the real one finds it."""
        lines = content.splitlines()
        if len(content) > self.most_bytes or len(lines) > self.most_requests:
            return [_finding("request_limit_exceeded", "The file is too large.", None)]
        enqueued = sum(
            batch["request_counts"]["total"]
            for batch in self.batches.values()
            if batch["status"] in WORKING
        )
        if enqueued + len(lines) > self.most_enqueued:
            said = f"Enqueued token limit reached for m. Limit: {self.most_enqueued}."
            return [_finding("token_limit_exceeded", said, None)]
        found, known = [], set()
        for number, line in enumerate(lines, start=1):
            try:
                asked = json.loads(line)
                name, url = asked["custom_id"], asked["url"]
            except (ValueError, KeyError):
                found.append(_finding("invalid_json_line", "This line is not valid.", number))
                continue
            if name in known:
                found.append(_finding("duplicate_custom_id", f"{name} is a duplicate.", number))
            if url != endpoint or asked["method"] != "POST":
                found.append(_finding("invalid_url", "The URL does not match.", number))
            known.add(name)
        return found if lines else [_finding("empty_file", "The file is empty.", None)]

    async def _answer_all(self, batch: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        self._order.shuffle(lines)
        most = self.expire_after.pop(0) if self.expire_after else len(lines)
        began, work_s, rest = time.monotonic(), max(self.times.work_s, 1e-9), list(lines)
        answers: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        while batch["status"] == "in_progress" and len(lines) - len(rest) < most:
            # As many as should be done by now, so that a batch takes its time at any size.
            due = min(most, int((time.monotonic() - began) / work_s * len(lines)) + 1)
            while len(lines) - len(rest) < due and batch["status"] == "in_progress":
                await self._answer(batch, rest.pop(), answers, errors)
            await asyncio.sleep(0.01)
        if batch["status"] == "cancelling":
            status = "cancelled"
        else:
            status = "expired" if rest else "completed"
            errors += [_expired(asked) for asked in rest]
            batch["request_counts"]["failed"] += len(rest)
        await self._finish(batch, status, answers, errors)

    async def _answer(
        self,
        batch: dict[str, Any],
        asked: dict[str, Any],
        answers: list[dict[str, Any]],
        errors: list[dict[str, Any]],
    ) -> None:
        text = asked["body"]["messages"][-1]["content"]
        reply = self.script(text, self._worked[text])
        self._worked[text] += 1
        if reply is None:
            return
        await self._pass(batch, reply.delay_s)
        if batch["status"] != "in_progress":
            return
        good = reply.status == 200
        body = reply.body if reply.body is not None else completion(reply)
        response = {"status_code": reply.status, "request_id": "r", "body": json.loads(body)}
        (answers if good else errors).append(_line(asked, response, None))
        batch["request_counts"]["completed" if good else "failed"] += 1
        self.paid[text] += good

    async def _finish(
        self,
        batch: dict[str, Any],
        status: str,
        answers: list[dict[str, Any]],
        errors: list[dict[str, Any]],
    ) -> None:
        if status == "completed":
            batch |= {"status": "finalizing", "finalizing_at": int(time.time())}
            await asyncio.sleep(self.times.finalize_s)
        elif status == "cancelled":
            await asyncio.sleep(self.times.cancel_s)
        for key, lines in (("output_file_id", answers), ("error_file_id", errors)):
            if lines:
                content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
                name = f"{batch['id']}_{key}.jsonl"
                batch[key] = self.store(content, name, "batch_output").info["id"]
        batch |= {"status": status, f"{status}_at": int(time.time())}


def _finding(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def _line(asked: dict[str, Any], response: object, error: object) -> dict[str, Any]:
    name = asked["custom_id"]
    return {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": error}


def _expired(asked: dict[str, Any]) -> dict[str, Any]:
    said = "This request could not be executed before the completion window expired."
    return _line(asked, None, {"code": "batch_expired", "message": said})
