"""Says what a question that leans on the one before it is about: "and in blue?", "cheaper ones".

By rules; what they cannot resolve is marked as not sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.facts import PRICE, STOCK, Filter
from rag.analysis import Analysis, without
from rag.asked_facts import is_about_rules
from rag.intents import names_all
from rag.query import Intent, Query
from rag.shop_words import COUNTED
from rag.stated import in_figures, number_of
from rag.value_words import values
from rag.vocabulary import Role, Vocabulary
from rag.word_scan import Scan

#: Words that make a short question lean on the one before it: at its start, or anywhere.
_OPENER = re.compile(
    r"^\W*(?:and|or|but|what\s+about|how\s+about|only|just|any|und|et|y|e|en)\b(?!\s+(?:also\s+)?"
    r"(?:do|does|is|are|can|could|when|where|how|what|which|who|why|will)\b)",
    re.IGNORECASE,
)
_AMID = re.compile(
    r"^\W*(?:(?:and|or|but)\s+)?(?:in|for|with|without|under|over|below|above|not|from|cheaper"
    r"|less\s+expensive|between|up\s+to)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(?:it|its|they|them|their|those|these|ones|one|same|that|this)\b(?!\s+(?:is|are)\s+(?:a|the)\b)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"^\W*(?:and\s+)?(?:what|how)\s+about\b", re.IGNORECASE)
#: Points at one of several things on the screen, which words alone do not tell.
_WHICH = re.compile(
    r"\b(?:first|second|third|last|other|former|latter|left|right|middle)\s+(?:one|two|ones)?\b"
    r"|\bwhich\s+(?:one\s+)?(?:is|would|should)\s+(?:be\s+)?(?:better|best)\b"
    r"|\b(?:compare|difference)\b.*\b(?:them|these|those|two)\b|^\W*why\b",
    re.IGNORECASE,
)
_NUMBER_ONLY = re.compile(
    r"^\W*(?:(?:and|or|but|what\s+about|how\s+about)\s+)?(?:for\s+)?(?P<number>\d+|one|two|three|four"
    r"|five|six|seven|eight|nine|ten)\W*$",
    re.IGNORECASE,
)
#: What remains of what was wanted when the thing changes.
_KEPT = (PRICE, STOCK)
MOST_WORDS = 9


def leans(question: str, analysis: Analysis) -> bool:
    """Whether a question makes little sense without the one before it."""
    words = len(question.split())
    if words > MOST_WORDS:
        return False
    if _NUMBER_ONLY.match(question) or _ABOUT.match(question):
        return True
    if _OPENER.match(question) or _AMID.match(question):
        return not (analysis.kind and not _OPENER.match(question))
    if _POINTER.search(question) and not _speaks_of_itself(analysis):
        return True
    bare = bool(
        analysis.conditions or analysis.ranking or analysis.fields or _WHICH.search(question)
    )
    return bare and not analysis.names_its_subject and not names_all(question)


def _speaks_of_itself(analysis: Analysis) -> bool:
    """Whether the thing is named in the question: "Is this tent waterproof?" does not."""
    return analysis.kind is not None and analysis.intent is not Intent.FIND


def resolved(
    analysis: Analysis, before: Query, vocabulary: Vocabulary, removed: Sequence[Filter] = ()
) -> Query:
    """A question together with what the one before it adds."""
    question = analysis.question
    number = _NUMBER_ONLY.match(question)
    if number and (found := _with_number(number["number"], before)):
        return replace(found, asked=question)
    if _names_new_thing(analysis, before):
        return _of_new_thing(analysis, before)
    refines = not analysis.leftover and not analysis.fields and not _WHICH.search(question)
    if refines and (analysis.conditions or analysis.ranking):
        return _refined(analysis, before, vocabulary, removed)
    return _pointing(analysis, before)


def _with_number(written: str, before: Query) -> Query | None:
    """ "And two?" after tents that sleep four."""
    number = COUNTED.get(written.lower()) or number_of(written)
    for at, one in enumerate(before.filters):
        if one.low is not None and one.low == one.high and one.field not in _KEPT:
            label = f"{one.field.replace('_', ' ')}: {in_figures(number)}"
            changed = replace(one, low=number, high=number, label=label)
            return replace(
                before, filters=(*before.filters[:at], changed, *before.filters[at + 1 :])
            )
    return None


def _names_new_thing(analysis: Analysis, before: Query) -> bool:
    kinds = [match for match in analysis.matches if match.role is Role.KIND]
    if kinds:
        return True
    return bool(_ABOUT.match(analysis.question) and analysis.leftover and before.filters)


def _of_new_thing(analysis: Analysis, before: Query) -> Query:
    """Another thing: price and stock stay wanted, a colour or brand was of the thing before."""
    own = {one.field for one in analysis.conditions}
    kept = tuple(one for one in before.filters if one.field in _KEPT and one.field not in own)
    text = _opened(analysis.text)
    kinds = [match.text for match in analysis.matches if match.role is Role.KIND]
    return Query(
        asked=analysis.question,
        text=text or " ".join(kinds) if analysis.leftover else "" if analysis.kind else text,
        intent=_intent(analysis, before),
        filters=(*analysis.conditions, *kept),
        order=analysis.ranking.order if analysis.ranking else None,
        fields=analysis.fields,
        sure=analysis.clear,
    )


def _refined(
    analysis: Analysis, before: Query, vocabulary: Vocabulary, removed: Sequence[Filter]
) -> Query:
    """The same thing, with other or further conditions."""
    own = {one.field for one in analysis.conditions}
    kept = [one for one in before.filters if one.field not in own and one not in removed]
    text = before.text
    if text:
        text = _with_words_of(analysis, _without_fields(text, own, vocabulary))
    ranking = analysis.ranking.order if analysis.ranking else before.order
    return Query(
        asked=analysis.question,
        text=text,
        intent=_intent(analysis, before),
        filters=(*kept, *analysis.conditions),
        order=ranking,
        sure=analysis.clear,
    )


def _intent(analysis: Analysis, before: Query) -> Intent:
    if analysis.intent in (Intent.COUNT, Intent.EXTREME, Intent.COMPARE):
        return analysis.intent
    if analysis.ranking or before.intent in (Intent.COMPARE, Intent.TALK):
        return Intent.LIST
    if analysis.fields or analysis.leftover:
        return Intent.FIND
    return before.intent


def _without_fields(text: str, fields: set[str], vocabulary: Vocabulary) -> str:
    """The words of the question before, without the values that are replaced."""
    matches = values(Scan(text, vocabulary, (), None), kind_known=True)
    return without(text, [(one.start, one.end) for one in matches if one.field in fields])


def _with_words_of(analysis: Analysis, text: str) -> str:
    words = [match.text for match in analysis.matches if not match.negated]
    return " ".join([text.rstrip(" ?!."), *words]).strip()


def _pointing(analysis: Analysis, before: Query) -> Query:
    """About the thing before: "how heavy is it?", "how do I return it?", "and to Canada?"."""
    rules = is_about_rules(analysis.question)
    kept = (
        ()
        if rules
        else tuple(
            one
            for one in before.filters
            if one.field not in {own.field for own in analysis.filters}
        )
    )
    earlier = before.text or before.asked
    own = _opened(analysis.text)
    return Query(
        asked=analysis.question,
        text=" ".join(part for part in (earlier, own) if part),
        intent=Intent.COMPARE if analysis.intent is Intent.COMPARE else Intent.FIND,
        filters=(*kept, *analysis.filters),
        subjects=analysis.subjects,
        fields=() if is_about_rules(earlier) else analysis.fields,
        sure=analysis.clear and not _WHICH.search(analysis.question),
    )


def _opened(text: str) -> str:
    """A text without the words by which it leans on another."""
    return re.sub(
        r"^\W*(?:(?:and|or|but|what\s+about|how\s+about)\b\W*)+", "", text, flags=re.IGNORECASE
    )
