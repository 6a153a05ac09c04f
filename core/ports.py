"""Which loopback ports the child processes of one home listen on."""

from __future__ import annotations

import json
import random
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import SecretStr

from core import tokens
from core.errors import ServiceError
from core.files import write_atomically
from core.settings import Settings

LOOPBACK = "127.0.0.1"

#: Below the ports that systems give to outgoing connections (Linux: from 32768, others: from
#: 49152). One of those may be taken in the seconds until the server that it was chosen for listens.
SERVERS = range(20_000, 32_000)


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
    ports = recorded if recorded and all(map(_serves, _numbers(recorded))) else _pick()
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


def unused() -> int:
    """A port that a server could listen on, and that no outgoing connection takes meanwhile.

    Raises:
        ServiceError: There is none.
    """
    # By chance, so that two who choose at the same time hardly ever choose the same.
    for port in random.sample(SERVERS, len(SERVERS)):
        if is_free(port):
            return port
    raise ServiceError(f"Every port from {SERVERS.start} to {SERVERS.stop - 1} is taken.")


def _serves(port: int) -> bool:
    return port in SERVERS and is_free(port)


def _pick() -> Ports:
    chroma = model = unused()
    while model == chroma:
        model = unused()
    return Ports(chroma=chroma, model=model)


def _recorded(settings: Settings) -> Ports | None:
    try:
        stored = json.loads(_path(settings).read_text(encoding="utf-8"))
        return Ports(chroma=int(stored["chroma"]), model=int(stored["model"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(settings: Settings) -> Path:
    return settings.run / "ports.json"
