"""Tells when what was found is only like what was asked for: a kind of thing not in the shop.

A search always brings something. A laptop stand is no laptop, and boots are no ski
boots: which word names the thing, and which only says of what kind it is, is told by
its place. The thresholds were chosen on one half of the sample shop's questions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.facts import facts_of
from rag.exchange import Found, Passage
from rag.judgement import COVERAGE_WEIGHT, SIMILARITY_WEIGHT
from rag.order_words import is_ranking
from rag.query import Intent, Query
from rag.words import stems, stems_in_order

#: Only short wishes are judged by their words; longer ones say the same in many ways.
FEW_WORDS = 3
PAIR = 2
FEW_ASKED = 5
#: No passage holds more of a wish's words, and none is closer than this: it is something else.
WEAK_COVERAGE = 0.5
WEAK_STRENGTH = 0.42
#: From here on what was found is close by its meaning, whatever its words.
CLOSE = 0.5

Knows = Callable[[str], bool]


def beyond(query: Query, found: Found, knows: Knows) -> bool:
    """Whether what was found is not the kind of thing that was asked for.

    Args:
        query: What was asked, its words spelled rightly.
        found: What a search takes for relevant.
        knows: Whether a word's stem stands anywhere in the shop.
    """
    plain = " ".join(word for word in query.text.split() if not is_ranking(word))
    words = list(dict.fromkeys(stems_in_order(plain)))
    if query.intent is not Intent.FIND or not 0 < len(words) <= FEW_WORDS:
        return False
    if len(words) == PAIR and not knows(words[0]) and knows(words[1]):
        return True
    if query.filters:
        return False
    if len(words) == 1:
        return _only_a_kind(words[0], query, found)
    return all(_weak(passage, frozenset(words)) for passage in found.passages)


def _weak(passage: Passage, words: frozenset[str]) -> bool:
    said = stems(f"{passage.title} {passage.heading} {passage.text}")
    coverage = len(words & said) / len(words)
    strength = SIMILARITY_WEIGHT * passage.score + COVERAGE_WEIGHT * coverage
    return coverage <= WEAK_COVERAGE and strength <= WEAK_STRENGTH


def _only_a_kind(word: str, query: Query, found: Found) -> bool:
    """Whether a word only says what kind of things were found, as in "laptop stand"."""
    if found.best_score >= CLOSE or len(query.asked.split()) > FEW_ASKED:
        return False
    named = [_ends(passage) for passage in found.passages if passage.product]
    before = any(word in text[:-1] for texts in named for text in texts)
    last = any(word in text[-1:] for texts in named for text in texts)
    return before and not last


def _ends(passage: Passage) -> Sequence[Sequence[str]]:
    """What is known of a product in texts, each as its stems."""
    if passage.product is None:
        return ()
    return [stems_in_order(fact.shown) for fact in facts_of(passage.product) if fact.shown]
