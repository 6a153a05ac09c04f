"""How a question is understood: by rules, in the shop's own words, within milliseconds.

What it wants, under which conditions, and about what, with what the
conversation adds. No model is asked here; see rag/rewriting.py for what the
rules leave open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from core.facts import Filter
from rag.analysis import Analysis, analysed
from rag.exchange import Role, Turn
from rag.follow_ups import MOST_WORDS, leans, resolved
from rag.intents import is_talk
from rag.languages import ENGLISH, language_of
from rag.query import Facets, Intent, Query
from rag.splitting import split
from rag.vocabulary import Vocabulary, vocabulary_of

#: Longer questions are read this far; no shopper's wish is longer.
LONGEST = 1_000
#: Has a number with a unit, and is long enough to be in some language.
WARMING = "Do you have something under 3 kg?"
#: Questions back through which a follow-up is followed, where only their words are known.
MOST_TURNS = 3


def understand(
    question: str,
    facets: Facets,
    *,
    history: Sequence[Turn] = (),
    before: Sequence[Query] = (),
    removed: Sequence[Filter] = (),
    is_word: Callable[[str], bool] | None = None,
) -> tuple[Query, ...]:
    """What a shopper wants to know: one thing, or up to three.

    Args:
        question: In the shopper's words, however many and whatever they are.
        facets: The words in which the shop knows its products.
        history: Earlier turns, oldest first.
        before: How the question before was understood; taken from the history where not given.
        removed: Conditions that the shopper took away; they are not stated again.
        is_word: Whether something is a word of the language: such a word is not mistyped.
            Without it, only slips in long words are forgiven.
    """
    vocabulary = vocabulary_of(facets)
    plain = " ".join(question[:LONGEST].split())
    if not before:
        before = _earlier(history, vocabulary, is_word)
    if not plain or is_talk(plain):
        language = language_of(plain) if plain else ENGLISH
        return (Query(asked=plain, text=plain, intent=Intent.TALK, language=language),)
    queries: list[Query] = []
    previous = list(before)
    for part in split(plain):
        query = _understood(part, previous, vocabulary, removed, is_word)
        queries.append(query)
        previous = [query]
    language = _language(plain, queries, before)
    return tuple(replace(query, language=language) for query in queries)


def _earlier(
    history: Sequence[Turn], vocabulary: Vocabulary, is_word: Callable[[str], bool] | None
) -> tuple[Query, ...]:
    """How the last questions of a conversation are understood, one after the other."""
    asked = [turn.text for turn in history if turn.role is Role.USER][-MOST_TURNS:]
    queries: list[Query] = []
    for text in asked:
        for part in split(" ".join(text[:LONGEST].split())):
            if not is_talk(part):
                queries = [_understood(part, queries, vocabulary, (), is_word)]
    return tuple(queries)


def _understood(
    part: str,
    before: Sequence[Query],
    vocabulary: Vocabulary,
    removed: Sequence[Filter],
    is_word: Callable[[str], bool] | None,
) -> Query:
    earlier = [query for query in before if query.intent is not Intent.TALK]
    short = len(part.split()) <= MOST_WORDS
    analysis = analysed(
        part, vocabulary, removed=removed, is_word=is_word, kind_known=bool(earlier) and short
    )
    leaning = leans(part, analysis)
    if leaning and earlier:
        query = resolved(analysis, earlier[-1], vocabulary, removed)
        kept = tuple(one for one in query.filters if one not in removed)
        return replace(query, filters=kept, follows=True)
    return _alone(analysis)


def _alone(analysis: Analysis) -> Query:
    ranking = analysis.ranking
    ranked = ranking is not None and (analysis.intent is not Intent.FIND)
    return Query(
        asked=analysis.question,
        text=analysis.text,
        intent=analysis.intent,
        filters=analysis.conditions,
        order=ranking.order if ranking and ranked else None,
        subjects=analysis.subjects,
        fields=analysis.fields,
        sure=analysis.clear,
    )


def _language(question: str, queries: Sequence[Query], before: Sequence[Query]) -> str:
    """The question's language; a short follow-up is in that of the question before."""
    found = language_of(question)
    if found == ENGLISH and before and len(question.split()) <= MOST_TURNS:
        return before[-1].language
    return found
