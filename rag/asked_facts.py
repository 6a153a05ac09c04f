"""Reads out of a question which facts of a thing it asks for: its price, its weight, its stock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.facts import PRICE, STOCK
from rag.order_words import field_named
from rag.shop_words import key_of, keys_of, listed
from rag.vocabulary import Role, Vocabulary

_PRICE = re.compile(
    r"\bhow\s+(?:much\s+(?:is|are|for|do(?:es)?\b.*\bcosts?)|expensive\s+(?:is|are))\b"
    r"|\bwhat(?:'s|\s+is|\s+are|\s+do(?:es)?)\b.*\b(?:prices?|costs?)\b(?!\s+to\b)|\b(?:price|cost)\s+(?:of|for)\b"
    r"|\bwas\s+koste[nt]\b|\bwie\s+teuer\b|\bcombien\s+coûte|\bcu[aá]nto\s+cuesta|\bquanto\s+cost"
    r"|\bquanto\s+custa|\bwat\s+kost|\bhoeveel\s+kost",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"^\W*(?:is|are)\s+(?!there\b)(?P<what>.+?)\s+(?:still\s+|currently\s+)?"
    r"(?:in\s+stock|available|sold\s+out|out\s+of\s+stock)\b"
    r"|\bhow\s+many\b.*\b(?:left|remaining)\b"
    r"|\bdo\s+you\s+(?:still\s+)?have\s+the\s+.+\s+in\s+stock\b",
    re.IGNORECASE,
)
#: Words of questions, and the names of fields that hold the answer.
_MEASURES = {
    r"how heavy|what do(?:es)? .* weigh|how much do(?:es)? .* weigh|weight of": "weight",
    r"how tall|how high|height of": "height",
    r"how long (?:is|are) (?!the warranty)(?:the|it)|length of": "length",
    r"how long is the warranty|what warranty|warranty (?:of|on|for)": "warranty",
    r"how wide|width of": "width diameter",
    r"how deep|depth of": "depth",
    r"how bright": "brightness",
    r"how powerful|how many watts?": "power",
    r"how many (?:people|persons) do(?:es)?|sleeps? how many": "sleeps people persons seats",
    r"how much do(?:es)? .* hold|how many lit(?:re|er)s|(?:what )?capacity of": "capacity volume",
    r"battery (?:life|last)|how long do(?:es)? the battery": "battery",
    r"how warm": "comfort_temperature",
    r"how much (?:weight|load)|what load": "load",
}
_TEXTS = {
    r"(?:what|which) colou?rs?|colou?rs? (?:is|are|do|does)": Role.COLOUR,
    r"(?:what|which) sizes?\b|sizes? do(?:es)?": Role.SIZE,
    r"made (?:of|from|out of)\W*$|(?:what|which) (?:material|fabric)": Role.MATERIAL,
    r"(?:what|which) brand|who makes|who made": Role.BRAND,
}
_MEASURE_PATTERNS = {re.compile(rf"\b(?:{key})\b", re.I): names for key, names in _MEASURES.items()}
_TEXT_PATTERNS = {re.compile(rf"\b(?:{key})", re.I): role for key, role in _TEXTS.items()}
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|does|do|can|could|will)\s+(?!there\b|you\b|i\b|we\b)\w+", re.IGNORECASE
)
_POINTING = re.compile(r"\b(?:it|they|them|this|that|these|those|one)\b", re.IGNORECASE)
_GIFT_CARD = re.compile(r"\bgift\s*(?:card|certificate)s?\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"\bhow\s+many\s+(?P<name>[^\W\d]+)", re.IGNORECASE)
_ADVICE = re.compile(r"^\W*how\s+(?:do|can|should|would|could)\s+(?:i|you|we|one)\b", re.IGNORECASE)
#: Words that mean the shop's rules and services, never a fact of a product.
_RULES = listed(
    """
    ship shipping shipment send sending deliver delivery express postage return refund
    exchange voucher point loyalty paypal instalment installment payment pay store
    pickup collection cancel tracking invoice privacy reward member membership transcript
    versand lieferung rückgabe livraison retour envío devolver devolución entrega spedizione
    reso verzending
    """
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Fields that a question asks for, and where the words for them are.

    Attributes:
        vague: Those of the fields that are asked for only where a product is: "how long"
            may also be a time.
    """

    fields: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    vague: frozenset[str] = frozenset()


def asked_facts(question: str, vocabulary: Vocabulary) -> Asked:
    """The facts that a question asks for, as far as the shop has such a field."""
    found = [(name, span) for name, span in _found(question, vocabulary) if name]
    names = tuple(dict.fromkeys(name for name, _ in found))
    vague = frozenset(name for name in names if "length" in keys_of(name))
    return Asked(names, tuple(span for _, span in found), vague)


def is_yes_or_no(question: str) -> bool:
    """Whether a question is about whether something is true of one thing: "Is the tent ...?"."""
    return bool(_YES_OR_NO.match(question))


def is_pointing(question: str) -> bool:
    """Whether a question is about something that was named before it."""
    return bool(_POINTING.search(question))


def is_advice(question: str) -> bool:
    """Whether a question asks how to do something: "How do I wash a sleeping bag?"."""
    return bool(_ADVICE.match(question))


def is_about_rules(question: str) -> bool:
    """Whether a question is about the shop's rules and services, such as shipping."""
    return not _RULES.isdisjoint(keys_of(question)) or bool(_GIFT_CARD.search(question))


def _found(question: str, vocabulary: Vocabulary) -> Iterator[tuple[str | None, tuple[int, int]]]:
    measured = False
    for pattern, names in _MEASURE_PATTERNS.items():
        if found := pattern.search(question):
            fields = (field_named(name, vocabulary) for name in names.split())
            # Where the thing's own words stand in between, they are not words of the question.
            end = found.start() if ".*" in pattern.pattern else found.end()
            yield next(filter(None, fields), None), (found.start(), end)
            measured = True
    if found := _HOW_MANY.search(question):
        counted = key_of(found["name"])
        names_it = [name for name in vocabulary.numeric if counted == keys_of(name)[-1]]
        yield min(names_it, default=None), found.span()
    for pattern, role in _TEXT_PATTERNS.items():
        if found := pattern.search(question):
            yield vocabulary.named(role), found.span()
    if not measured and (found := _PRICE.search(question)):
        yield PRICE, (found.start(), found.start())
    if found := _STOCK.search(question):
        # The thing's own words stand in between; only the question's are taken.
        yield STOCK, (found.end(), found.end())
