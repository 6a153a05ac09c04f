"""Tells when a model says that it does not know, in the languages that shoppers use most."""

from __future__ import annotations

import re

_UNKNOWN = re.compile(
    r"""
      \b(?:i|we)\s+(?:do\s+not|don['’]?t|did\s+not|cannot|can\s*not|can['’]?t|could\s+not)\s+
        (?:\w+\s+)?(?:know|find|say|tell|answer|have\s+(?:any\s+)?(?:information|details|data))
    | \b(?:i['’]?m|i\s+am)\s+(?:not\s+(?:sure|able)|unable)\b
    | \b(?:is|are|was)\s+not\s+(?:mentioned|specified|stated|given|listed|provided|known)\b
    | \b(?:does|do)\s+not\s+(?:say|mention|specify|state|tell)\b
    | \bno\s+(?:information|details|mention)\b
    | \b(?:ich|wir)\s+wei(?:ß|ss)\s+(?:es\s+|das\s+|dazu\s+)?nicht
    | \bkeine\s+(?:information|angaben)
    | \bje\s+ne\s+(?:le\s+)?sais\s+pas\b | \bpas\s+d['’]information
    | \bno\s+(?:lo\s+)?s[eé]\b | \bno\s+(?:hay|tengo)\s+informaci[oó]n
    | \bnon\s+(?:lo\s+)?so\b | \bnessuna\s+informazione
    | \bn[aã]o\s+(?:o\s+)?sei\b | \bik\s+weet\s+(?:het\s+)?niet\b | \bnie\s+wiem\b
    | 我不知道 | わかりません | 모르겠
    """,
    re.IGNORECASE | re.VERBOSE,
)


def says_unknown(sentence: str) -> bool:
    """Whether a sentence says that what was asked is not known."""
    return bool(_UNKNOWN.search(sentence))
