"""A provider on loopback that speaks OpenAI's Batch API as the official package expects."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.fake_batch_work import WORKING, BatchWork, Times
from tests.fake_endpoint import Reply, completion

KEY = "sk-provider"
_COUNTED = ("completed", "failed", "total")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong with one call, such as ``POST /v1/batches``.

    Attributes:
        status: The error that it gets; 0: the connection breaks.
        done: Whether what was asked for is done in spite of it.
    """

    call: str
    status: int = 0
    done: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class FakeBatches(BatchWork):
    """The server; runs in a thread of its own.

    Attributes:
        calls: Every call that came, such as ``POST /v1/batches``.
        faults: What goes wrong with the next calls; each one once.
        cuts: How many of the next downloads break off.
    """

    calls: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    cuts: int = 0
    key: str = KEY
    port: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        parts = await request.post()
        file, purpose = parts["file"], parts["purpose"]
        assert isinstance(file, web.FileField)
        await asyncio.sleep(self.times.upload_s)
        stored = self.store(file.file.read(), file.filename, str(purpose))
        return web.json_response(stored.info)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["id"]
        if file_id not in self.files:
            return _problem(404, f"No such File object: {file_id}")
        response = web.StreamResponse()
        await response.prepare(request)
        content = self.files[file_id].content
        for at in range(0, len(content), 1000):
            await response.write(content[at : at + 1000])
            if self.cuts and at:
                self.cuts -= 1
                assert request.transport is not None
                request.transport.abort()
                return response
        await response.write_eof()
        return response

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["id"]
        if self.files.pop(file_id, None) is None:
            return _problem(404, f"No such File object: {file_id}")
        return web.json_response({"id": file_id, "object": "file", "deleted": True})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        await asyncio.sleep(self.times.create_s)
        if asked["input_file_id"] not in self.files:
            return _problem(400, f"No such File object: {asked['input_file_id']}")
        if asked["completion_window"] != "24h" or len(asked.get("metadata") or {}) > 16:
            return _problem(400, "Invalid value.")
        now = int(time.time())
        batch = {
            "id": f"batch_{next(self.ids)}",
            "object": "batch",
            "endpoint": asked["endpoint"],
            "errors": None,
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "expires_at": now + 86_400,
            "request_counts": dict.fromkeys(_COUNTED, 0),
            "metadata": asked.get("metadata"),
        }
        self.batches[batch["id"]] = batch
        task = asyncio.create_task(self.work(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.json_response(batch)

    async def _retrieve(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return _problem(404, f"No batch found with id '{request.match_info['id']}'.")
        return web.json_response(batch)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        newest_first = list(self.batches.values())[::-1]
        ids = [batch["id"] for batch in newest_first]
        after = request.query.get("after")
        first = ids.index(after) + 1 if after else 0
        # Pages are short, so that a test of a few batches turns them.
        last = first + min(2, int(request.query.get("limit", 20)))
        page = newest_first[first:last]
        return web.json_response(
            {
                "object": "list",
                "data": page,
                "first_id": page[0]["id"] if page else None,
                "last_id": page[-1]["id"] if page else None,
                "has_more": last < len(newest_first),
            }
        )

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return _problem(404, f"No batch found with id '{request.match_info['id']}'.")
        if batch["status"] not in WORKING:
            return _problem(409, f"Cannot cancel a batch with status '{batch['status']}'.")
        batch |= {"status": "cancelling", "cancelling_at": int(time.time())}
        return web.json_response(batch)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        reply = self.script(asked["messages"][-1]["content"], 0) or Reply(status=500)
        body = reply.body if reply.body is not None else completion(reply)
        return web.Response(body=body, status=reply.status, content_type="application/json")

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Counts the call, asks for the key, and lets go wrong what should."""
        resource = request.match_info.route.resource
        call = f"{request.method} {resource.canonical if resource else request.path}"
        self.calls.append(call)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _problem(401, "Incorrect API key provided.")
        fault = next((one for one in self.faults if one.call == call), None)
        if fault is None:
            return await handler(request)
        self.faults.remove(fault)
        if fault.done:
            await handler(request)
        if fault.status:
            return _problem(fault.status, "Something went wrong.", dict(fault.headers))
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _start(self) -> web.AppRunner:
        app = web.Application(middlewares=[self._gate], client_max_size=1 << 30)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/files", self._upload)
        app.router.add_get("/v1/files/{id}/content", self._content)
        app.router.add_delete("/v1/files/{id}", self._delete)
        app.router.add_post("/v1/batches", self._create)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{id}", self._retrieve)
        app.router.add_post("/v1/batches/{id}/cancel", self._cancel)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        server = site._server
        assert isinstance(server, asyncio.Server)
        self.port = server.sockets[0].getsockname()[1]
        return runner

    async def _stop(self, runner: web.AppRunner) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await runner.cleanup()

    @contextmanager
    def running(self) -> Iterator[FakeBatches]:
        self._thread.start()
        runner = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._stop(runner), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()


def _problem(
    status: int, message: str, headers: dict[str, str] | None = None
) -> web.StreamResponse:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return web.json_response({"error": error}, status=status, headers=headers)


__all__ = ["KEY", "FakeBatches", "Fault", "Times"]
