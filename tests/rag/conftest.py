"""A real Chroma server and the real embedding model for all tests of the counter."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from core import ports, products
from core.chat_lane import ChatLane
from core.db import Database, open_database
from core.pool import open_pool
from core.ports import LOOPBACK, SearchServer
from core.products import Product
from core.settings import SAMPLE, Settings, load_settings
from rag import documents, indexer
from rag.chain import Counter
from rag.embedding import Embedder
from rag.index import Index
from rag.live_mirror import LiveMirror
from rag.retriever import Retriever
from rag.shop_csv import read_shop
from rag.writer import Writer
from tests.fakes import FakeModel

TENT = Product(
    "t1",
    "Halden 4 Tent",
    "<p>A dome tent that sleeps <b>four</b> people. Moss green.</p>",
    price=Decimal("289.00"),
    currency="USD",
    stock=14,
    department="Camping",
)
KETTLE = Product("k1", "Gooseneck Kettle", "Electric, with temperature control.", stock=0)
BOOTS = Product("b1", "Fell Boots", "Waterproof leather hiking boots.", price=Decimal("139"))

TOKEN = "the-token-of-the-tests"


class ChromaServer:
    """The search server on one port, to be stopped and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def server(self) -> SearchServer:
        return SearchServer(self.url, SecretStr(TOKEN))

    def start(self) -> None:
        where = ["--path", str(self.folder), "--port", str(self.port)]
        said = self.folder / "said.log"
        with said.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rag.chroma_server", *where],
                env=os.environ | {"SHOPKEEPER_CHROMA_TOKEN": TOKEN},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 300
        while not self._answers():
            assert self._process.poll() is None, said.read_text()
            assert time.monotonic() < deadline, "Chroma does not start"
            time.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://{LOOPBACK}:{self.port}/api/v2/heartbeat").is_success
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="session")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma"), ports.unused())
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
def index(chroma: ChromaServer, embedder: Embedder) -> Iterator[Index]:
    with closing(Index(lambda: chroma.server, embedder)) as found:
        found.reset()
        yield found


@pytest.fixture
def shop(db: Database, index: Index) -> Database:
    """Three products and the sample policies, indexed."""
    products.publish(db, [TENT, KETTLE, BOOTS])
    documents.publish_documents(db, SAMPLE / "policies" / "returns.md")
    fill(db, index)
    return db


@pytest.fixture
def retriever(shop: Database, index: Index) -> Retriever:
    return Retriever(LiveMirror(shop), index, index.embedder)


@pytest.fixture
def model() -> Iterator[FakeModel]:
    with FakeModel().running() as running:
        yield running


@pytest.fixture
def remote(settings: Settings, model: FakeModel) -> Settings:
    """Settings that name the fake model."""
    return load_settings(
        home=settings.home, openai_base_url=model.url, openai_model="fake", call_timeout_s=4.0
    )


@pytest.fixture
def counter(shop: Database, retriever: Retriever, remote: Settings) -> Iterator[Counter]:
    with (
        closing(ChatLane(open_pool(remote))) as lane,
        closing(Counter(shop, retriever, Writer(lane))) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def sample_retriever(
    chroma: ChromaServer, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Retriever]:
    """The whole sample shop, for judging answers; leaves nothing to other modules."""
    db = open_database(load_settings(home=tmp_path_factory.mktemp("sample")))
    products.publish(db, read_shop(SAMPLE / "catalog.csv", source="sample").products)
    documents.publish_documents(db, SAMPLE / "policies")
    with closing(Index(lambda: chroma.server, embedder)) as index:
        index.reset()
        fill(db, index)
        yield Retriever(LiveMirror(db), index, index.embedder)
    db.close()


def fill(db: Database, index: Index) -> None:
    while indexer.step(db, index):
        pass
