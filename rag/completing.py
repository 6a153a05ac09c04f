"""Sees that an answer about a policy says what the policy's best sentence says.

Where a model's words leave that out, turn it round, or are none at all, the
sentence itself is said: an extract is never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.figures import figures_in
from rag.key_sentences import KeySentence, asks_figure, best_said, said_first
from rag.mentions import cited_in
from rag.phrases import Phrase, say
from rag.support import Figures
from rag.unknowns import says_unknown
from rag.words import stems

ENGLISH = "en"
#: Of the words of a sentence without figures, so many say the same.
SAME_SHARE = 0.5
_DENIAL = re.compile(
    r"\b(?:not|no|none|never|nor|neither|cannot|unless|except|nicht|kein\w*|nie|pas|jamais|aucun\w*"
    r"|nunca|ning[uú]n\w*|non|mai|nessun\w*)\b|n['’]t\b|\bn['’e]\b",
    re.IGNORECASE,
)


def completed(text: str, ranked: Sequence[KeySentence], asked: str, language: str = ENGLISH) -> str:
    """An answer that says what the best sentence says.

    Args:
        text: What a model wrote and the sources support; may be empty.
        ranked: The sentences of the policies, best first.
        asked: The question.
        language: ISO 639-1 code of the answer's language.
    """
    if not ranked or (text and not ranked[0].sure):
        return text
    kept = "" if says_unknown(text) or _contradicts(text, ranked) else text
    if kept and _covers(kept, ranked, asked, language):
        return kept
    own = best_said(ranked)
    if language != ENGLISH:
        own = f"{say(Phrase.OWN_WORDS, language)} {own}"
    return f"{kept} {own}".strip()


def _covers(text: str, ranked: Sequence[KeySentence], asked: str, language: str) -> bool:
    """Whether an answer has a figure of the best sentences, or says the same in words."""
    best = ranked[0]
    added = stems(text) - stems(asked)
    taken = added & stems(best.text)
    if taken and len(taken) >= SAME_SHARE * len(added) and not asks_figure(asked):
        return True
    figures = [figure for one in said_first(ranked) for figure in figures_in(one.text)]
    if figures:
        said = Figures([text])
        return any(said.have(one) for one in figures)
    if language != ENGLISH:
        return best.passage.number in cited_in(text)
    words = stems(best.text)
    return len(words & stems(text)) >= SAME_SHARE * len(words)


def _contradicts(text: str, ranked: Sequence[KeySentence]) -> bool:
    """Whether it does not deny what is denied, or has a figure that is about something else."""
    best = ranked[0]
    if _DENIAL.search(f"{best.passage.heading}. {best.text}") and not _DENIAL.search(text):
        return True
    own = [figure for one in said_first(ranked) for figure in figures_in(one.text)]
    said = Figures([text])
    if any(said.have(one) for one in own):
        return False
    measures = {one.measure for one in own}
    return any(one.measure in measures for one in figures_in(text))
