"""The sentences of policies that say what was asked, best first.

Each is compared with the question by meaning, by words, and by whether it has the
kind of figure that is asked for. Small models are given little else to read, and
where they fail, these are what is said.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.orders import without_orders
from rag.embedding import Embedder
from rag.excerpt import parted
from rag.exchange import Kind, Passage
from rag.figures import MONEY, figures_in
from rag.query import Query
from rag.support import words_of
from rag.words import stems

#: What each sign is worth beside the likeness of meaning, which goes from 0 to 1.
WORDS_WEIGHT, FIGURE_WEIGHT = 0.3, 0.15
#: For standing in the passage that was found first; half of it for the second.
PLACE_WEIGHT = 0.1
#: For being named by the question, as a table's row or an item of a list is: "Canada: …".
LABEL_WEIGHT = 0.15
#: A word that stands in the heading only.
HEADING_SHARE = 0.5
#: A model reads so many sentences; none that is so much worse than the best.
READ, READ_WITHIN = 5, 0.25
#: Said without a model: the best, and the next one if it is nearly as good.
SAID, SAID_WITHIN = 2, 0.1
#: From here on a sentence is surely about what was asked.
SURE = 0.5
#: From here on it answers, even where a model sees no answer in it.
CERTAIN = 0.75
REMEMBERED = 4096
#: Sentences that are embedded at once when there is no hurry.
LEARNT = 8
_COST = re.compile(r"\b(?:costs?|how much|prices?|fees?|charges?|free|worth)\b", re.IGNORECASE)
_WHEN = re.compile(
    r"\b(?:how long|when|how many (?:days|weeks|months|years)|how soon|how fast|expires?)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:how many|largest|smallest|highest|lowest|most|least|phone|number|sizes?)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d.{0,12}\b(?:minutes?|hours?|days?|weeks?|months?|years?)\b|\d [ap]\.?m\b|\bnever\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:jan|febr)uary\b|\b(?:march|april|may"
    r"|june|july|august) \d|\b(?:septem|octo|novem|decem)ber\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class KeySentence:
    """A sentence of a policy.

    Attributes:
        at: Its place in the passage.
        score: How well it answers the question.
    """

    passage: Passage
    at: int
    text: str
    score: float

    @property
    def sure(self) -> bool:
        """Whether it is about what was asked without a doubt."""
        return self.score >= SURE

    @property
    def certain(self) -> bool:
        """Whether it is the answer, as far as can be told."""
        return self.score >= CERTAIN


class SentenceRanker:
    """Ranks sentences; remembers their vectors. Safe to share between threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = Lock()
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    def ranked(self, query: Query, passages: Sequence[Passage]) -> tuple[KeySentence, ...]:
        """The sentences of the policies among some passages, best first.

        Args:
            query: What was asked.
            passages: As they are numbered.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        found = _sentences(passages)
        if not found:
            return ()
        asked = query.asked if query.language == "en" else query.text
        near = self._likeness(query.text or asked, found)
        order = [passage.number for passage in passages if passage.kind is Kind.POLICY]
        wanted = stems(f"{asked} {query.text}")
        scored = [
            replace(one, score=float(like) + _signs(asked, wanted, one) + _place(order, one))
            for one, like in zip(found, near, strict=True)
        ]
        return tuple(sorted(scored, key=lambda one: -one.score))

    def learn(self, passages: Sequence[Passage]) -> None:
        """Make the vectors of policies' sentences before a question needs them.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        texts = [text for one in _sentences(passages) for text in (_headed(one), one.text)]
        # In small blocks, since a question waits for the one that is being embedded.
        for start in range(0, min(len(texts), REMEMBERED), LEARNT):
            self._vectors(texts[start : start + LEARNT])

    def _likeness(self, asked: str, found: Sequence[KeySentence]) -> NDArray[np.float32]:
        vectors = self._vectors([text for one in found for text in (_headed(one), one.text)])
        question = np.asarray(self._embedder.embed_query(asked), dtype=np.float32)
        near: NDArray[np.float32] = (vectors @ question).reshape(-1, 2).mean(axis=1)
        return near

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._known]
        made = dict(zip(new, self._embedder.embed_documents(new), strict=True))
        with self._lock:
            for text, vector in made.items():
                self._known[text] = np.asarray(vector, dtype=np.float32)
            rows = [
                self._known[text] if text in self._known else np.asarray(made[text], np.float32)
                for text in texts
            ]
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return np.stack(rows)


def asks_figure(asked: str) -> bool:
    """Whether a question asks for a price, a time or a number."""
    return any(pattern.search(asked) for pattern in (_COST, _WHEN, _NUMBER))


def to_read(ranked: Sequence[KeySentence], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages as a model reads them: of policies only the sentences that matter.

    The best comes first; products stay as they are, and in front where they were
    unless a sentence is surely about what was asked.
    """
    if not ranked:
        return tuple(passages)
    kept: dict[int, list[KeySentence]] = {}
    for one in islice(_within(ranked, READ_WITHIN), READ):
        kept.setdefault(one.passage.number, []).append(one)
    cut = {
        number: replace(found[0].passage, text=_in_order(found)) for number, found in kept.items()
    }
    products = [passage for passage in passages if passage.kind is not Kind.POLICY]
    led = passages[0].kind is not Kind.POLICY and not ranked[0].sure
    policies = [cut[number] for number in kept]
    return (*products, *policies) if led else (*policies, *products)


def said_first(ranked: Sequence[KeySentence]) -> list[KeySentence]:
    """The best sentence, and the next one of its passage if it is nearly as good."""
    near = _within(ranked, SAID_WITHIN)
    return list(islice((one for one in near if one.passage == ranked[0].passage), SAID))


def best_said(ranked: Sequence[KeySentence]) -> str:
    """The best one or two sentences in the shop's own words, cited; empty without any."""
    chosen = sorted(said_first(ranked), key=lambda one: one.at)
    if not chosen:
        return ""
    passage = chosen[0].passage
    name = passage.heading.rpartition(">")[2].strip() or passage.title
    return f"{name}: {' '.join(_ended(one.text) for one in chosen)} [{passage.number}]"


def _within(ranked: Sequence[KeySentence], margin: float) -> Iterator[KeySentence]:
    return (one for one in ranked if one.score >= ranked[0].score - margin)


def _in_order(found: Sequence[KeySentence]) -> str:
    in_order = sorted(found, key=lambda one: one.at)
    return "\n".join(one.text.removeprefix("- ") for one in in_order)


def _place(order: Sequence[int], one: KeySentence) -> float:
    return PLACE_WEIGHT * max(0.0, 1 - order.index(one.passage.number) / 2)


def _signs(asked: str, wanted: frozenset[str], one: KeySentence) -> float:
    words, headed = stems(one.text), stems(f"{one.passage.title} {one.passage.heading}")
    share = sum(1 if word in words else HEADING_SHARE * (word in headed) for word in wanted)
    return (
        WORDS_WEIGHT * share / max(1, len(wanted))
        + FIGURE_WEIGHT * _has_wanted(asked, one.text)
        + LABEL_WEIGHT * _is_named(asked, one.text)
    )


def _is_named(asked: str, text: str) -> bool:
    label, mark, _ = text.removeprefix("- ").partition(": ")
    named = words_of(label)
    return bool(mark and named) and named <= words_of(asked)


def _has_wanted(asked: str, text: str) -> bool:
    """Whether a sentence has the kind of figure that a question asks for."""
    if _COST.search(asked):
        return any(one.measure == MONEY for one in figures_in(text))
    if _WHEN.search(asked):
        return bool(_TIME.search(text))
    return bool(_NUMBER.search(asked)) and any(figures_in(text))


def _sentences(passages: Sequence[Passage]) -> list[KeySentence]:
    """The sentences of the policies among some passages, not judged yet."""
    return [
        KeySentence(passage, at, text, 0.0)
        for passage in passages
        if passage.kind is Kind.POLICY
        for at, text in enumerate(parted(without_orders(passage.text)))
    ]


def _headed(one: KeySentence) -> str:
    return f"{one.passage.title}, {one.passage.heading}: {one.text}"


def _ended(text: str) -> str:
    text = text.removeprefix("- ")
    return text if text[-1:] in ".!?…" else f"{text.rstrip(';:, ')}."
