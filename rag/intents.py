"""Tells what kind of answer a question wants: a number, a list, a comparison, small talk."""

from __future__ import annotations

import re

from rag.shop_words import listed, words_of

#: What people say to be polite; there is nothing to look for.
_TALK = re.compile(
    r"\W*(?:(?:hi|hello|hey|hallo|hola|bonjour|salut|ciao|olá|ola|hoi|good\s(?:morning|afternoon"
    r"|evening|day)|guten\s(?:tag|morgen|abend)|buenos\sd[ií]as|buongiorno|bom\sdia"
    r"|many\sthanks|thanks?(?:\syou)?(?:\s(?:very|so)\smuch|\sa\slot)?|cheers|danke(?:\ssch[öo]n)?"
    r"|merci(?:\sbeaucoup)?|(?:muchas\s)?gracias|grazie(?:\smille)?|obrigad[oa]|bedankt|dank\sje"
    r"|how\sare\syou|who\sare\syou|what\scan\syou\sdo|help|bye|goodbye|tsch[üu]ss|au\srevoir|adi[óo]s"
    r"|ok|okay|great|perfect|nice)(?:\s(?:there|today|again|everyone))?\W*){1,3}",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:how\s+many|(?:the\s+)?(?:total\s+)?number\s+of|count\s+(?:of|the|all)|wie\s*viele|combien\s+de"
    r"|cu[aá]nt[oa]s|quant[ie]|hoeveel|quant[oa]s)\b",
    re.IGNORECASE,
)
#: After "how many", these are no products.
_NOT_PRODUCTS = listed(
    """
    people person point day week hour year month minute time litre liter cup watt piece
    colour color size star review percent dollar euro mile penny way store shop branch
    personne persona jour tage tag día giorno stunde
    """
)
_IN_A_PACK = re.compile(r"\b(?:in|per)\s+(?:a|the|each|one)\s+(?:pack|set|box|bag)\b", re.I)
_GENERIC = listed(
    """
    product item thing article model everything anything stuff good option produkt artikel
    produit producto prodotto produto
    """
)
_ALL = re.compile(
    r"^\W*(?:what|which)\s+(?:costs?|do\s+you\s+(?:have|sell|stock|offer)|is\s+in|are\s+in|else)\b"
    r"|\b(?:all|everything|anything)\b|\b(?:your|the)\s+(?:shop|store|range|catalog(?:ue)?)\b",
    re.IGNORECASE,
)

_COMPARE = (
    re.compile(
        r"\b(?:compare|comparison\s+(?:of|between)|(?:the\s+)?differences?\s+between|vergleiche?"
        r"|comparez?|comparar|confronta)\s+(?P<a>.+?)\s+(?:and|with|to|versus|vs\.?|against|und|mit|et"
        r"|avec|y|con|e)\s+(?P<b>.+)",
        re.IGNORECASE,
    ),
    re.compile(r"^(?P<a>.+?)\s+(?:vs\.?|versus)\s+(?P<b>.+)", re.IGNORECASE),
    re.compile(
        r"^(?P<a>.+?)\s+or\s+(?P<b>.+?)\s*[:?,–-]+\s*(?:what|which)\b.*"
        r"\b(?:difference|better|lighter|cheaper|heavier|best)\b.*",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:which|what)(?:\s+one)?\s+(?:\w+\s+){0,4}?(?P<how>\w+er|better|more\s+\w+|less\s+\w+)\b"
        r"[^,:]*[,:–-]\s*(?P<a>.+?)\s+or\s+(?P<b>.+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:is|are)\s+(?P<a>.+?)\s+(?P<how>\w+er|better|more\s+\w+|less\s+\w+)\s+than\s+(?P<b>.+)",
        re.IGNORECASE,
    ),
)
_COMPARE_ALL = re.compile(r"^\W*(?:please\s+)?compare\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|a|an|your|our|this|that|der|die|das|den|le|la|el|il)\s+", re.I)
_SUBJECT_END = re.compile(
    r"\s*(?:[?!.,;:](?=\s|$)|\bplease\b|\bin\s+terms\b|\bfor\s+me\b).*$", re.I | re.S
)
LONGEST_SUBJECT = 120
#: By how things are compared, and the field that tells.
HOW = {
    "lighter": "weight",
    "heavier": "weight",
    "cheaper": "price",
    "expensive": "price",
    "dearer": "price",
    "warmer": "comfort_temperature",
    "taller": "height",
    "longer": "length",
    "brighter": "brightness",
    "powerful": "power",
    "stronger": "power",
    "bigger": "capacity",
    "larger": "capacity",
    "smaller": "capacity",
    "roomier": "sleeps",
}


def is_talk(question: str) -> bool:
    """Whether a question is small talk and nothing else."""
    return bool(_TALK.fullmatch(question)) if len(question) < LONGEST_SUBJECT else False


def counted_from(question: str) -> int | None:
    """Where the words begin whose number is asked for; None where no products are counted."""
    found = _COUNT.search(question)
    if found is None or _IN_A_PACK.search(question):
        return None
    following = [word.key for word in words_of(question[found.end() :])[:2]]
    if not _NOT_PRODUCTS.isdisjoint(following[:1]):
        return None
    return found.end()


def names_all(question: str) -> bool:
    """Whether a question is about all that the shop has: "What costs more than $400?"."""
    generic = not _GENERIC.isdisjoint(word.key for word in words_of(question))
    return generic or bool(_ALL.search(question))


def compared(question: str) -> tuple[tuple[str, ...], str] | None:
    """What a question compares, and by which of :data:`HOW`; None where it does not compare.

    There may be no subjects: "compare the two coffee grinders".
    """
    for pattern in _COMPARE:
        found = pattern.search(question)
        if found is None:
            continue
        subjects = tuple(filter(None, (_subject(found["a"]), _subject(found["b"]))))
        if len(subjects) == 2:
            how = found.groupdict().get("how") or question
            return subjects, next((HOW[word] for word in how.lower().split() if word in HOW), "")
    return ((), "") if _COMPARE_ALL.match(question) else None


def _subject(text: str) -> str:
    plain = _SUBJECT_END.sub("", _ARTICLE.sub("", text.strip(" ,\"'“”")))
    return _ARTICLE.sub("", plain)[:LONGEST_SUBJECT].strip()
