"""Finds the values of the shop in a question: "red or navy boots by Tarnwick, not waterproof".

The longest phrase wins. A wrong condition hides the right products, so a word
only becomes one where it can hardly mean something else; the rest is searched
for like any other words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.plain_speech import (
    AFTER_A_THING,
    ALIKE_WHO,
    BASIC_COLOURS,
    BETWEEN_NOT,
    NOT,
    UNISEX,
    WHO,
)
from rag.shop_words import listed
from rag.vocabulary import LONGEST_PHRASE, Role, Term
from rag.word_scan import Scan

_COLOUR_BEFORE = listed("in colour color coloured colored shade")
_COLOUR_AFTER = listed("coloured colored colour color one")
_MADE_OF = listed("of from in aus en di van")
_IN = listed("in from the")
_IN_THE_SHOP = listed("department section category product item thing")
_FOR_A_THING = listed("for with without to like into onto")
#: How many words may stand between that word and the thing.
_REACH = 3
_SEEKING = listed(
    """
    look looking search searching ask asking shop shopping need after
    """
)
#: Of fields with a word of the same spelling, the one that is meant, the likeliest first.
_RANK = (Role.KIND, Role.BRAND, Role.SWITCH, Role.AUDIENCE, Role.COLOUR, Role.MATERIAL)
#: "Mat" for a sleeping mat is taken for a kind of thing only where all of them are meant.
_BARE = frozenset({Role.BRAND, Role.SWITCH, Role.DEPARTMENT, Role.KIND})


@dataclass(frozen=True, slots=True)
class Match:
    """Some words of a question that stand for texts of a field.

    Attributes:
        text: The words as they are looked up, with a mistyped one put right.
        start: Where they begin, a word that negates them included.
        end: One past their last character.
    """

    field: str
    role: Role
    texts: tuple[str, ...]
    text: str
    start: int
    end: int
    negated: bool = False


def values(scan: Scan, *, any_kind: bool = False, kind_known: bool = False) -> list[Match]:
    """The values that a question names, in its order.

    Args:
        scan: The question.
        any_kind: Whether a thing may be named by a part of what the shop calls it.
        kind_known: Whether the conversation says what the thing is.
    """
    found: list[Match] = []
    at = 0
    while at < len(scan.words):
        match, length = _longest(scan, at, any_kind)
        if match:
            found.append(match)
        at += length
    has_kind = kind_known or any(match.role is Role.KIND for match in found)
    return [match for match in found if has_kind or not _is_weak(match, scan)]


def _longest(scan: Scan, at: int, any_kind: bool) -> tuple[Match | None, int]:
    """What the longest phrase from a place on stands for, and how many words to go on."""
    for length in range(min(LONGEST_PHRASE, len(scan.words) - at), 0, -1):
        terms = scan.terms(at, length)
        if length == 1:
            terms = [*_people(scan, at), *terms]
        meant = [term for term in terms if _is_meant(term, scan, at, length, any_kind)]
        if term := _only(meant):
            return _match(term, scan, at, length), length
        if length > 1 and any(term.whole for term in terms):
            return None, length
    return None, 1


def _only(meant: Sequence[Term]) -> Term | None:
    """The one of several meanings; None where two are equally likely."""
    meant = [term for term in meant if term.whole] or meant
    if len({term.field for term in meant}) < 2:
        return meant[0] if meant else None
    roles = {term.role for term in meant}
    if {Role.BRAND, Role.COLOUR} <= roles or {Role.COLOUR, Role.MATERIAL} <= roles - {Role.KIND}:
        return None
    ranked = [term for role in _RANK for term in meant if term.role is role]
    if len(ranked) > 1 and ranked[0].role is ranked[1].role:
        return None
    return ranked[0] if ranked else None


def _people(scan: Scan, at: int) -> list[Term]:
    """For whom it is, in the words that the shop has for them."""
    who, field = WHO.get(scan.keys[at]), scan.vocabulary.named(Role.AUDIENCE)
    if who is None or field is None or not scan.is_free(at, 1):
        return []
    known = scan.vocabulary.fields[field].texts
    texts = tuple(text for text in ALIKE_WHO[who] if text in known)
    also = tuple(text for text in UNISEX if text in known) if who in ("women", "men") else ()
    return [Term(field, Role.AUDIENCE, (*texts, *also), True)] if texts else []


def _is_meant(term: Term, scan: Scan, at: int, length: int, any_kind: bool) -> bool:
    """Whether words that may stand for a text are likely to do so here."""
    key, before, after = scan.keys[at], scan.before(at), scan.after(at + length)
    match term.role:
        case Role.KIND:
            named = term.whole or any_kind
            return named and (not after or after in AFTER_A_THING) and not _is_for(scan, at)
        case Role.COLOUR:
            named = before in _COLOUR_BEFORE or after in _COLOUR_AFTER
            described = _describes(scan, at + length)
            return key in BASIC_COLOURS or length > 1 or named or described
        case Role.MATERIAL:
            named = before in _MADE_OF or length > 1 or _describes(scan, at + length)
            return named and key not in BASIC_COLOURS
        case Role.DEPARTMENT:
            capital = scan.words[at].text[:1].isupper() and at > 0
            inside = (before in _IN and capital) or (after in _IN_THE_SHOP)
            return term.whole and (inside or length > 1)
        case Role.SIZE:
            return False
        case Role.AUDIENCE:
            return term.texts[0] in ALIKE_WHO or length > 1 or term.texts[0] in UNISEX
        case Role.CHOICE:
            return term.whole and (length > 1 or len(key) > 3)
    return term.whole


def _describes(scan: Scan, next_at: int) -> bool:
    """Whether a word stands before a thing that is wanted."""
    return next_at in scan.kinds and not _is_for(scan, next_at)


def _is_for(scan: Scan, at: int) -> bool:
    """Whether a thing is only what the thing wanted is for: "a bag for my tent"."""
    for place in range(at - 1, max(0, at - 1 - _REACH), -1):
        if scan.keys[place] in WHO:
            return False
        if scan.keys[place] in _FOR_A_THING:
            return scan.keys[place - 1] not in _SEEKING and not scan.is_taken(place - 1)
    return False


def _is_weak(match: Match, scan: Scan) -> bool:
    """Whether a condition would hide too much where it is not said what the thing is."""
    if match.role in _BARE or match.role is Role.COLOUR:
        return False
    return not scan.vocabulary.is_known_of_most(match.field)


def _match(term: Term, scan: Scan, at: int, length: int) -> Match:
    negation = _negation(scan, at)
    first = at if negation is None else negation
    keys = scan.keys[at : at + length]
    shown = scan.vocabulary.fields[term.field].shown
    text = shown.get(term.texts[0], "") if term.whole and len(term.texts) == 1 else ""
    return Match(
        field=term.field,
        role=term.role,
        texts=term.texts,
        text=text or " ".join(keys),
        start=scan.words[first].start,
        end=scan.words[at + length - 1].end,
        negated=negation is not None,
    )


def _negation(scan: Scan, at: int) -> int | None:
    """Where a word stands that turns the words after it round: "anything but red"."""
    place = at - 1
    while place >= 0 and scan.words[place].text.lower() in BETWEEN_NOT:
        if scan.words[place].text.lower() == "other":
            return place
        place -= 1
    if place < 0:
        return None
    word = scan.words[place].text.lower()
    if word in NOT:
        return place
    any_but = (
        word == "but"
        and place > 0
        and bool(
            {"any", "anything", "brand", "colour", "color", "all", "every"}
            & {one.text.lower() for one in scan.words[max(0, place - 2) : place]}
        )
    )
    return place if any_but else None
