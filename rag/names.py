"""Names and matters that no source knows: a product or a word that the model made up."""

from __future__ import annotations

import re

from core.fold import fold
from rag.excerpt import STOP_WORDS
from rag.support import WORD, Support

#: Capitals mean a name in English only as far as we can tell.
LANGUAGE = "en"
STEM = 5
_CAPITAL = re.compile(r"(?<=[\w,;)] )[A-Z][^\W_]{2,}(?:['’][a-z]+)?")
_OFTEN_CAPITAL = """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december english german french spanish italian
    customer service support team shop store online please price stock color colour size material
    weight brand product products item items feature features description available yes sorry note
    contact assistant usd eur gbp
"""
_ORDINARY = frozenset(_OFTEN_CAPITAL.split())
#: An answer's own words, which are about no matter.
_PLAIN = """
    have know find sorry here more this that these those with about from would could should please
    thank thanks some other also their your just only very well been were than then into over under
    each both does cannot unfortunately however
"""
_PLAIN_WORDS = STOP_WORDS | frozenset(_PLAIN.split())
_MATTER = 4


def made_up(sentence: str, support: Support) -> bool:
    """Whether a sentence names what neither a source nor the question does, or is about nothing.

    A sentence of which not one word is of the sources or of the question is no
    answer to it.
    """
    if support.language != LANGUAGE:
        return False
    known = support.words | support.asked_words
    if any(
        not _known(found[0], known) and fold(found[0]) not in _ORDINARY
        for found in _CAPITAL.finditer(sentence)
    ):
        return True
    words = [word for word in WORD.findall(fold(sentence)) if len(word) >= _MATTER]
    matter = [word for word in words if word not in _PLAIN_WORDS]
    figures = any(sign.isdigit() for sign in sentence)
    return bool(matter) and not figures and not any(_known(word, known) for word in matter)


def _known(word: str, known: frozenset[str]) -> bool:
    folded = fold(word)
    bare = folded.removesuffix("'s").removesuffix("’s")
    if {folded, bare} & known:
        return True
    return len(bare) >= STEM and any(one.startswith(bare[:STEM]) for one in known)
