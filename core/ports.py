"""Which loopback ports the child processes of one home listen on."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import SecretStr

from core import tokens
from core.errors import ServiceError
from core.files import write_atomically
from core.settings import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one home's children.

    Attributes:
        chroma: The vector store.
        model: The embedded model.
    """

    chroma: int
    model: int


def allocate(settings: Settings) -> Ports:
    """Choose the ports for the next start: last time's where still free, else new ones.

    To be called only while no child of this home runs, since its own ports
    would look taken.

    Raises:
        ServiceError: The choice cannot be written to the home.
    """
    recorded = _recorded(settings)
    ports = recorded if recorded and all(map(is_free, _numbers(recorded))) else _pick()
    write_atomically(_path(settings), json.dumps(asdict(ports)))
    return ports


def read(settings: Settings) -> Ports:
    """The ports of the running children.

    Raises:
        ServiceError: Nothing was ever started for this home.
    """
    ports = _recorded(settings)
    if ports is None:
        raise ServiceError(
            f"Shopkeeper is not running for {settings.home}; start it with `make run`."
        )
    return ports


@dataclass(frozen=True, slots=True)
class SearchServer:
    """Where the vector store is, and what it asks for; None: nothing."""

    url: str
    token: SecretStr | None = field(default=None, repr=False)


def search_server(settings: Settings) -> SearchServer:
    """The vector store: elsewhere, or a child of this home.

    Raises:
        ServiceError: It is a child of this home, and nothing was ever started for it.
    """
    url = settings.chroma or f"http://{LOOPBACK}:{read(settings).chroma}"
    return SearchServer(url, tokens.chroma(settings))


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Whether a server could listen on ``address:port`` now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of a past run that linger must not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def _numbers(ports: Ports) -> tuple[int, int]:
    return ports.chroma, ports.model


def _pick() -> Ports:
    # All stay bound until all are chosen, so that no two are the same.
    with ExitStack() as held:
        numbers = [_bind_any(held) for _ in range(2)]
    return Ports(chroma=numbers[0], model=numbers[1])


def _bind_any(held: ExitStack) -> int:
    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.bind((LOOPBACK, 0))
    return int(probe.getsockname()[1])


def _recorded(settings: Settings) -> Ports | None:
    try:
        stored = json.loads(_path(settings).read_text(encoding="utf-8"))
        return Ports(chroma=int(stored["chroma"]), model=int(stored["model"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(settings: Settings) -> Path:
    return settings.run / "ports.json"
