"""Measures the counter: rankings against judged products, answers against known ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum

from rag.cases import Case
from rag.chain import Counter
from rag.dense import DenseSearch
from rag.exchange import Kind, Role, Turn
from rag.index import Index
from rag.query import Query
from rag.relevance import DEPTH, Judgements, figures
from rag.reply import Reply
from rag.retriever import Retriever
from rag.verdict import Shown, Verdict, judge
from rag.words import stems

#: Questions asked before the clock counts.
WARM_UP = 3

Advance = Callable[[int, int], None]


class Part(StrEnum):
    """Which part of the search ranks."""

    LEXICAL = "lexical"  #: words alone
    DENSE = "dense"  #: meaning alone
    HYBRID = "hybrid"  #: both, as shoppers are served


@dataclass(frozen=True, slots=True)
class Ranked:
    """One query, measured.

    Attributes:
        figures: nDCG@10, recall@10 and the reciprocal rank.
        ids: The first ten.
        ms: What it took.
    """

    query: str
    figures: Mapping[str, float]
    ids: tuple[str, ...]
    ms: float


#: From a query to product ids, best first.
Ranking = Callable[[str], Sequence[str]]


def ranking(part: Part, retriever: Retriever, index: Index) -> Ranking:
    """How a part of the search ranks the products of a shop.

    Args:
        part: Which.
        retriever: Searches the shop; it is warm.
        index: What it asks.
    """
    mirror = retriever.mirror
    held = mirror.held(Kind.PRODUCT)
    dense = DenseSearch(mirror, index)
    dense.check()

    def by_words(query: str) -> list[str]:
        return [held.id(row) for row in held.words.search(stems(query), DEPTH, None)]

    def by_meaning(query: str) -> list[str]:
        vector = index.embedder.embed_query(query)
        nearest = dense.begin(Kind.PRODUCT, vector, DEPTH, None)
        return [held.id(row) for row, _ in nearest()]

    def by_both(query: str) -> list[str]:
        found = retriever.rank(query, DEPTH).passages
        return [passage.id for passage in found if passage.product]

    return {Part.LEXICAL: by_words, Part.DENSE: by_meaning, Part.HYBRID: by_both}[part]


def measure_ranking(rank: Ranking, judged: Judgements, advance: Advance) -> list[Ranked]:
    """Ask every query and compare what is found with what people judged relevant."""
    for query in list(judged.queries.values())[:WARM_UP]:
        rank(query)
    measured = []
    for done, (id, query) in enumerate(judged.queries.items()):
        advance(done, len(judged.queries))
        started = time.perf_counter()
        found = [one.removeprefix("product:") for one in rank(query)]
        ms = (time.perf_counter() - started) * 1000
        good = figures(judged.relevant[id], found)
        measured.append(Ranked(query, good, tuple(found[:10]), ms))
    return measured


def measure_answers(
    counter: Counter,
    cases: Sequence[Case],
    advance: Advance,
    told: Callable[[Verdict], None] = lambda verdict: None,
    *,
    model: bool = True,
) -> list[Verdict]:
    """Ask every question as a shopper would and judge what is on the screen in the end.

    Args:
        told: Called with each verdict as it comes.
        model: Whether a model is there; without, it is no failure that there are no words.

    Raises:
        ServiceError: The search server cannot be reached.
    """
    counter.warm()
    for case in cases[:WARM_UP]:
        counter.ask(case.question)
    verdicts = []
    for done, case in enumerate(cases):
        advance(done, len(cases))
        shown = _shown(counter, case)
        verdict = judge(case, shown if model else replace(shown, written=False, failed=""))
        verdicts.append(verdict)
        told(verdict)
    return verdicts


def _shown(counter: Counter, case: Case) -> Shown:
    history: list[Turn] = []
    before: tuple[Query, ...] = ()
    for question in case.before:
        reply = _ask(counter, question, history, before)
        _listen(reply)
        history += [Turn(Role.USER, question), Turn(Role.ASSISTANT, reply.text)]
        before = reply.details.queries
    started = time.perf_counter()
    reply = _ask(counter, case.question, history, before)
    card_ms = (time.perf_counter() - started) * 1000
    at_once = bool(reply.text.strip())
    first_at = _listen(reply)
    word_ms = None if first_at is None else (first_at - started) * 1000
    return Shown(
        passages=reply.passages,
        text=reply.text,
        refused=reply.refused,
        near=reply.details.near,
        comparison=reply.details.comparison,
        card_ms=card_ms,
        word_ms=card_ms if at_once else word_ms,
        total_ms=(time.perf_counter() - started) * 1000,
        failed="" if reply.failure is None else reply.failure.message,
    )


def _ask(
    counter: Counter, question: str, history: Sequence[Turn], before: Sequence[Query]
) -> Reply:
    return counter.ask(question, history, before=before, fresh=True, rehearsal=True)


def _listen(reply: Reply) -> float | None:
    """Wait for the whole answer; when its first word came, if any did."""
    first_at = None
    with closing(reply.stream()) as pieces:
        for _ in pieces:
            if first_at is None and reply.text.strip():
                first_at = time.perf_counter()
    return first_at
