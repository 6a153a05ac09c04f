"""Which words of a text count when searching, and in which form."""

from __future__ import annotations

import re

import tantivy

#: Words of questions that say nothing about what is wanted.
CHATTER = """
do does did can could would should will have has had i you we me my your our us am is are be was
what which who whom how why there here any some got get need want looking look find show tell
please hi hello hey thanks thank like recommend suggest sell buy offer much many cost costs let
know shop stock something anything under over about one ones
"""
#: Plurals that no stemmer takes back.
IRREGULAR = """
knife knives|shelf shelves|scarf scarves|leaf leaves|loaf loaves|half halves|wolf wolves
man men|woman women|child children|foot feet|tooth teeth|mouse mice|goose geese|person people
"""
LONGEST = 60
WORD = re.compile(r"[^\W_]+")
STEMMED, PLAIN = "stemmed", "plain"


def analyzer(kind: str) -> tantivy.TextAnalyzer:
    """Cuts texts into words without accents or capitals, into their stems when ``STEMMED``."""
    builder = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.custom_stopword(CHATTER.split()))
        .filter(tantivy.Filter.remove_long(LONGEST))
    )
    if kind == STEMMED:
        builder = builder.filter(tantivy.Filter.stemmer("english"))
    return builder.build()


_stems = analyzer(STEMMED)


def stems_in_order(text: str) -> list[str]:
    """The stems of a text's words that carry meaning, as they stand."""
    return list(_stems.analyze(text))


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words that carry meaning."""
    return frozenset(_stems.analyze(text))


def _other_forms() -> dict[str, str]:
    pairs = (pair.split() for line in IRREGULAR.split("\n") for pair in line.split("|") if pair)
    known: dict[str, str] = {}
    for one, many in pairs:
        first, second = _stems.analyze(one)[0], _stems.analyze(many)[0]
        known |= {first: second, second: first}
    return known


_OTHER_FORMS = _other_forms()


def forms(stem: str) -> tuple[str, ...]:
    """A stem, and the one of its plural or singular where that differs."""
    other = _OTHER_FORMS.get(stem)
    return (stem,) if other in (None, stem) else (stem, str(other))
