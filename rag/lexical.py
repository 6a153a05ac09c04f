"""Finds by words: an in-memory tantivy index, kept in step with our tables.

Each searching process has its own, built from the tables at its start and
brought up to date once a second by what was published since. Nothing on disk,
so there is nothing to lose, lock or migrate.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
import tantivy

from core import products
from core.db import Database
from core.products import Product
from core.shop_tables import products as table
from rag import documents
from rag.exchange import Kind
from rag.texts import product_text

#: How often the tables are asked what is new.
REFRESH_S = 1.0
#: Rows taken in at one refresh, so that no question waits long for a great import.
REFRESH_ROWS = 1000
#: Transactions may end in another order than their rows' times say.
OVERLAP_S = 5.0
HEAP_BYTES = 20_000_000
TITLE_WEIGHT = 2.5
#: Words of questions that say nothing about what is wanted.
CHATTER = """
do does did can could would should will have has had i you we me my your our us am is are be was
what which who whom how why there here any some got get need want looking look find show tell
please hi hello hey thanks thank like recommend suggest sell buy offer much many cost costs let
know shop stock something anything under over about one ones
"""


@dataclass(frozen=True, slots=True)
class _Text:
    id: str
    title: str
    text: str


class LexicalIndex:
    """Products and policy chunks by their words; safe to share between threads."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._analyzer = _analyzer()
        self._shelves = {kind: _Shelf(_analyzer()) for kind in Kind}
        self._versions: dict[str, int] = {}
        self._documents: dict[str, int] = {}
        self._seen_at = 0.0
        self._checked_at = float("-inf")

    def search(self, kind: Kind, question: str, k: int) -> list[str]:
        """Ids of the ``k`` best matches, best first; empty when no word matches."""
        return self._shelves[kind].search(self.terms(question), k)

    def terms(self, text: str) -> frozenset[str]:
        """The stems of a text's words that carry meaning."""
        return frozenset(self._analyzer.analyze(text))

    def refresh(self, *, now: float | None = None) -> None:
        """Take in what was published or withdrawn; asks the tables once a second at most.

        A product withdrawn and forgotten between two looks stays in here. It is
        never shown, since what is found is read from the tables again.
        """
        moment = time.monotonic() if now is None else now
        with self._lock:
            if moment - self._checked_at < REFRESH_S:
                return
            if not self._versions:
                self._fill()
            self._take_products()
            self._take_documents()
            self._checked_at = moment

    def _fill(self) -> None:
        newest = sa.select(sa.func.coalesce(sa.func.max(table.c.updated_at), 0.0))
        with self._db.read() as connection:
            self._seen_at = connection.execute(newest).scalar_one()
        self._put_products(products.iterate(self._db))

    def _take_products(self) -> None:
        since = sa.select(table.c.id, table.c.version, table.c.deleted, table.c.updated_at)
        with self._db.read() as connection:
            changed = connection.execute(
                since.where(table.c.updated_at >= self._seen_at - OVERLAP_S).order_by(
                    table.c.updated_at
                )
            ).all()
        fresh = [row for row in changed if self._versions.get(row.id) != row.version]
        fresh = fresh[:REFRESH_ROWS]
        if not fresh:
            return
        found = products.get(self._db, [row.id for row in fresh if not row.deleted])
        self._shelves[Kind.PRODUCT].remove(
            [f"product:{row.id}" for row in fresh if row.id not in found]
        )
        self._put_products(found.values())
        self._versions.update({row.id: row.version for row in fresh})
        self._seen_at = fresh[-1].updated_at

    def _put_products(self, items: Iterable[Product]) -> None:
        def texts() -> Iterable[_Text]:
            for item in items:
                self._versions[item.id] = item.version
                yield _Text(f"product:{item.id}", item.title, product_text(item))

        self._shelves[Kind.PRODUCT].put(texts())

    def _take_documents(self) -> None:
        current = documents.versions(self._db)
        if current == self._documents:
            return
        chunks = [
            chunk
            for item in documents.listing(self._db)
            for chunk in documents.split(item.name, item.text)
        ]
        # A handful of documents: all anew is simpler than knowing which chunks went.
        shelf = _Shelf(_analyzer())
        shelf.put(_Text(chunk.id, f"{chunk.title} {chunk.heading}", chunk.text) for chunk in chunks)
        self._shelves[Kind.POLICY] = shelf
        self._documents = current


class _Shelf:
    """One tantivy index of titled texts."""

    def __init__(self, analyzer: tantivy.TextAnalyzer) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("title", tokenizer_name="words")
        builder.add_text_field("text", tokenizer_name="words")
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer("words", analyzer)
        self._writer = self._index.writer(heap_size=HEAP_BYTES, num_threads=1)

    def put(self, texts: Iterable[_Text]) -> None:
        for item in texts:
            self._writer.delete_documents_by_term("id", item.id)
            self._writer.add_document(
                tantivy.Document(id=[item.id], title=[item.title], text=[item.text])
            )
        self._commit()

    def remove(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._writer.delete_documents_by_term("id", id)
        self._commit()

    def search(self, terms: frozenset[str], k: int) -> list[str]:
        if not terms:
            return []
        searcher = self._index.searcher()
        hits = searcher.search(self._query(terms), limit=k, count=False).hits
        return [str(searcher.doc(address).get_first("id")) for _, address in hits]

    def _query(self, terms: frozenset[str]) -> tantivy.Query:
        either = tantivy.Occur.Should
        clauses = []
        for term in terms:
            in_title = tantivy.Query.term_query(self._schema, "title", term)
            in_text = tantivy.Query.term_query(self._schema, "text", term)
            clauses.append((either, tantivy.Query.boost_query(in_title, TITLE_WEIGHT)))
            clauses.append((either, in_text))
        return tantivy.Query.boolean_query(clauses)

    def _commit(self) -> None:
        self._writer.commit()
        self._index.reload()


def _analyzer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.custom_stopword(CHATTER.split()))
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
