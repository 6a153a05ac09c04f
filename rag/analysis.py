"""One question by itself, taken apart: conditions, what is left of its words, what is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.facts import PRICE, STOCK, Filter
from rag.asked_facts import asked_facts, is_about_rules, is_advice, is_pointing, is_yes_or_no
from rag.conditions import conditions
from rag.intents import compared, counted_from, names_all
from rag.measure_words import measures
from rag.money_words import prices
from rag.order_words import Ranking, field_named, ranking
from rag.plain_speech import CHATTER, NOT
from rag.query import Intent
from rag.size_words import sizes
from rag.stated import Reading
from rag.stock_words import stock
from rag.value_words import Match, values
from rag.vocabulary import Role, Vocabulary
from rag.word_scan import Scan

#: Say what it is about by themselves, so that nothing need be searched for.
_SUBJECTS = frozenset({Role.KIND, Role.BRAND, Role.DEPARTMENT})
#: What advice is asked about is no thing that is wanted, but may be of a brand.
_LASTING = frozenset({Role.BRAND})
_EXACT = frozenset({Intent.COUNT, Intent.EXTREME, Intent.LIST, Intent.COMPARE})
_LEFT_BEHIND = re.compile(r"\s+([?!.,;:])")
_LOOSE_ENDS = re.compile(
    r"\s+(?:and|or|but|that|which|with|for|is|are|in|any|from|costs?|priced)\s*(?=[?!.,;]*$)", re.I
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one question says, without what the conversation adds.

    Attributes:
        question: As it was asked.
        filters: Its conditions, without what a thing is.
        kind: The condition on what a thing is; None where none is named.
        matches: The values named, whether they became conditions or not.
        leftover: Words that carry meaning and became nothing else.
        text: Its words without those that only state a condition.
        intent: What kind of answer is wanted.
        ranking: By which number.
        fields: The facts asked for.
        subjects: What is compared.
        clear: Whether every number is known to be of one field, or of none.
    """

    question: str
    filters: tuple[Filter, ...]
    kind: Filter | None
    matches: tuple[Match, ...]
    leftover: tuple[str, ...]
    text: str
    intent: Intent
    ranking: Ranking | None
    fields: tuple[str, ...]
    subjects: tuple[str, ...]
    clear: bool

    @property
    def conditions(self) -> tuple[Filter, ...]:
        """All its conditions, what a thing is among them."""
        return (self.kind, *self.filters) if self.kind else self.filters

    @property
    def names_its_subject(self) -> bool:
        """Whether it says by itself what it is about."""
        return bool(self.leftover) or any(match.role in _SUBJECTS for match in self.matches)


def analysed(
    question: str,
    vocabulary: Vocabulary,
    *,
    removed: Sequence[Filter] = (),
    is_word: Callable[[str], bool] | None = None,
    kind_known: bool = False,
) -> Analysis:
    """Take a question apart.

    Args:
        question: One question, in the shopper's words.
        vocabulary: The shop's words.
        removed: Conditions that the shopper does not want; their words are searched for.
        is_word: Whether something is a word of the language, and so not mistyped.
        kind_known: Whether the conversation says what the thing is.
    """
    return _Taking(question, vocabulary, removed, is_word, kind_known).analysis()


class _Taking:
    """The steps by which a question is taken apart."""

    def __init__(
        self,
        question: str,
        vocabulary: Vocabulary,
        removed: Sequence[Filter],
        is_word: Callable[[str], bool] | None,
        kind_known: bool,
    ) -> None:
        self.question = question
        self.vocabulary = vocabulary
        self.removed = removed
        self.rules = is_about_rules(question)
        self.counted = counted_from(question) is not None
        self.compared = compared(question)
        self.ranking = None if self.compared else ranking(question, vocabulary)
        stated = prices(question, vocabulary.fields.get(PRICE))
        measured, self.clear = measures(question, vocabulary, stated)
        self.asked = asked_facts(question, vocabulary)
        in_stock = [] if STOCK in self.asked.fields else stock(question)
        sized = [] if self.rules else sizes(question, vocabulary)
        self.stated = [*stated, *measured, *in_stock, *sized]
        spans = [(one.start, one.end) for one in self.stated]
        if self.ranking:
            spans.append((self.ranking.start, self.ranking.end))
        self.scan = Scan(question, vocabulary, spans, is_word)
        any_kind = self.counted or self.ranking is not None
        self.matches = values(self.scan, any_kind=any_kind, kind_known=kind_known)
        kinds = kind_known or any(match.role is Role.KIND for match in self.matches)
        if sized and not kinds:
            # "I am a size M. What waist is that?" is about no thing in the shop.
            self.stated.remove(sized[0])
        if is_advice(question):
            self.matches = [match for match in self.matches if match.role in _LASTING]
        self._ask_about_the_last()

    def _ask_about_the_last(self) -> None:
        """ "Is the tent waterproof?" asks for a fact; "waterproof tents" states a condition."""
        self.predicates: tuple[str, ...] = ()
        last = self.matches[-1] if self.matches else None
        if last is None or last.role is not Role.SWITCH or not is_yes_or_no(self.question):
            return
        if not re.search(r"\w", self.question[last.end :]):
            self.predicates = (last.field,)
            self.matches = self.matches[:-1]

    def analysis(self) -> Analysis:
        """What was found, put together."""
        readings, kind = self._admitted()
        leftover = self._leftover(readings)
        fields = self._fields(leftover)
        intent = self._intent(leftover, fields, readings)
        useful = intent in _EXACT or not leftover
        filters = tuple(one.condition for one in readings if kind is None or one is not kind)
        if self.compared and self.compared[0]:
            filters, kind, useful = (), None, False
        return Analysis(
            question=self.question,
            filters=filters,
            kind=kind.condition if kind and (useful or filters) else None,
            matches=tuple(self.matches),
            leftover=leftover,
            text=self._text(intent, leftover, readings),
            intent=intent,
            ranking=self.ranking,
            fields=fields,
            subjects=self.compared[0] if self.compared else (),
            clear=self.clear,
        )

    def _admitted(self) -> tuple[list[Reading], Reading | None]:
        """The readings that become conditions, and which of them says what a thing is."""
        kind_fields = {match.field for match in self.matches if match.role is Role.KIND}
        named = conditions(self.matches)
        # "Is shipping free over $60?" is about no product's price.
        about_rules = self.rules and not named
        stated = [] if about_rules else self.stated
        admitted = [one for one in [*stated, *named] if one.condition not in self.removed]
        kinds = [
            one
            for one in admitted
            if one.condition.field in kind_fields and not one.condition.negated
        ]
        return admitted, (kinds[0] if kinds else None)

    def _leftover(self, readings: Sequence[Reading]) -> tuple[str, ...]:
        applied = {one.condition.field for one in readings}
        spans = [(one.start, one.end) for one in readings]
        spans += [(one.start, one.end) for one in self.matches if one.field in applied]
        spans += self.asked.spans
        if self.ranking:
            spans.append((self.ranking.start, self.ranking.end))
        return tuple(
            key
            for word, key in zip(self.scan.words, self.scan.keys, strict=True)
            if key not in CHATTER
            and word.text.lower() not in CHATTER | NOT
            and not any(word.start < end and start < word.end for start, end in spans)
        )

    def _fields(self, leftover: Sequence[str]) -> tuple[str, ...]:
        """The facts asked for: of a thing that is named, not of the shop's rules."""
        if self.compared:
            field = field_named(self.compared[1], self.vocabulary) if self.compared[1] else None
            return (PRICE,) if self.compared[1] == PRICE else (field,) if field else ()
        names = tuple(dict.fromkeys((*self.asked.fields, *self.predicates)))
        if self.rules or self.counted or self.ranking:
            return (STOCK,) if STOCK in names else ()
        named = bool(leftover or self.matches or is_pointing(self.question))
        kind = any(match.role is Role.KIND for match in self.matches)
        return tuple(name for name in names if named and (kind or name not in self.asked.vague))

    def _intent(
        self, leftover: Sequence[str], fields: Sequence[str], readings: Sequence[Reading]
    ) -> Intent:
        if self.compared:
            return Intent.COMPARE
        subject = any(match.role in _SUBJECTS for match in self.matches)
        titled = self._is_titled(leftover)
        every = names_all(self.question)
        if fields or is_advice(self.question):
            return Intent.FIND
        if self.counted and (subject or titled or (every and not leftover)) and not self.rules:
            return Intent.COUNT
        first = self.ranking is not None and self.ranking.first
        if first and not self.rules and (subject or titled or not leftover):
            return Intent.EXTREME
        if (readings or every) and (titled or not leftover) and not self.rules:
            return Intent.LIST
        return Intent.FIND

    def _is_titled(self, leftover: Sequence[str]) -> bool:
        """Whether its words are what several products are called, where none is said to be a kind.

        "How many tents" can then be told by the titles.
        """
        if not leftover or self.vocabulary.tells_kinds():
            return False
        return all(map(self.vocabulary.is_titled, leftover))

    def _text(self, intent: Intent, leftover: Sequence[str], readings: Sequence[Reading]) -> str:
        if not leftover and intent in (Intent.COUNT, Intent.EXTREME, Intent.LIST):
            return ""
        spans = [(one.start, one.end) for one in readings if not one.describes]
        applied = {one.condition.field for one in readings}
        spans += [
            (one.start, one.end) for one in self.matches if one.negated and one.field in applied
        ]
        if self.ranking and intent is Intent.EXTREME:
            spans.append((self.ranking.start, self.ranking.end))
        return without(self.question, spans)


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text without some of its parts, and without the words that were only there for them."""
    if not spans:
        return text
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at : max(at, start)])
        at = max(at, end)
    rest = " ".join(" ".join([*kept, text[at:]]).split())
    previous = ""
    while rest != previous:
        previous, rest = rest, _LOOSE_ENDS.sub("", _LEFT_BEHIND.sub(r"\1", rest)).strip(" ,;")
    return rest
