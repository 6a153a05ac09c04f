"""The process that serves the embedded model: llama.cpp's own server on loopback.

Speaks the OpenAI protocol, so the rest of us sees one more endpoint. Knows
neither lanes nor leases.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from core import local_model, logs, progress, tokens
from core.errors import ServiceError, ShopkeeperError
from core.ports import LOOPBACK
from core.progress import Task
from core.settings import Settings, load_settings

log = logging.getLogger(__name__)

DEFAULT_SLOTS = 4
SLOT_TOKENS = 4096
#: A newcomer waits, and a cancellation takes effect, only between two batches. Reading in
#: pieces of 256 is 7% faster (6.6 against 7.1 ms a token on 2 cores), and four times as long.
BATCH_TOKENS = 64
#: Prompts kept in memory beyond the slots; about ten full ones of the default model.
CACHE_MIB = 512
#: Shortest run of equal tokens that is taken over from a shifted earlier prompt.
REUSE_TOKENS = 64
STOP_LIMIT_S = 1.5
REPORT_S = 0.5


def parameters(
    path: Path, *, alias: str, port: int, slots: int, threads: int, token: SecretStr
) -> Any:
    """The server's configuration (an ``xllamacpp.CommonParams``).

    Args:
        path: The GGUF file.
        alias: Name under which ``/v1/models`` shows it.
        port: Loopback port.
        slots: Calls served at once, each with ``SLOT_TOKENS`` of context.
        threads: Threads that compute.
        token: What a call must bring along.
    """
    import xllamacpp  # heavy, and only this process needs it

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {alias}
    params.hostnames = [LOOPBACK]
    params.port = port
    params.api_keys = [token.get_secret_value()]
    params.n_parallel = slots
    params.n_ctx = slots * SLOT_TOKENS
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = CACHE_MIB
    params.n_cache_reuse = REUSE_TOKENS
    params.fit_params = params.ui = False
    params.cors_origins = f"http://{LOOPBACK}"  # no web page in the user's browser may call it
    params.cors_origins_explicit = True
    params.verbosity = 2  # warnings; below them it tells of every call
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # waiting threads would spin on cores that the other processes need
    return params


def cores() -> int:
    """Processor cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def slots(settings: Settings) -> int:
    """Calls that the embedded model serves at once."""
    return settings.slots or DEFAULT_SLOTS


def serve(params: Any) -> None:
    """Serve until SIGTERM or SIGINT; returns within two seconds of it.

    Raises:
        ServiceError: The server could not start, for instance on a damaged file.
    """
    import xllamacpp

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    started = time.monotonic()
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise ServiceError(f"The model server cannot start: {error}") from error
    log.info("serving at %s after %.1f s", server.listening_address, time.monotonic() - started)
    stop.wait()
    # A computation that is not interrupted must not keep the whole house waiting.
    deadline = threading.Timer(STOP_LIMIT_S, os._exit, args=(0,))
    deadline.daemon = True
    deadline.start()
    del server
    log.info("stopped")


def obtain(settings: Settings) -> Path:
    """The model's file, fetched first if need be, with its progress told in the home.

    Raises:
        ShopkeeperError: It cannot be had.
    """
    found = local_model.resolve(settings)
    if found is not None:
        return found
    last = 0.0

    def tell(label: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_S:
            last = time.monotonic()
            progress.report(settings, label, done, total, task=Task.MODEL)

    try:
        return local_model.fetch(settings, tell)
    finally:
        progress.clear(settings, task=Task.MODEL)


def main(
    port: Annotated[int, typer.Option(help="Loopback port.")],
    model: Annotated[
        Path | None, typer.Option(help="A GGUF file [default: of the settings]")
    ] = None,
    slots: Annotated[int, typer.Option(help="Calls served at once.")] = DEFAULT_SLOTS,
    threads: Annotated[int, typer.Option(help="Threads that compute; 0 for one a core.")] = 0,
) -> None:
    """Serve the embedded model on loopback, fetching it first where it is missing."""
    logs.begin()
    try:
        settings = load_settings()
        path = model or obtain(settings)
        threads = threads or cores()
        token, alias = tokens.model(settings), settings.model
        serve(parameters(path, alias=alias, port=port, slots=slots, threads=threads, token=token))
    except ShopkeeperError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says it all
        raise SystemExit(1) from error


if __name__ == "__main__":
    typer.run(main)
