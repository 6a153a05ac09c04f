"""What an answer may say: the figures and the words of the sources that it is written from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from core.facts import PRICE, STOCK, facts_of
from core.fold import fold
from core.money import price
from core.orders import without_orders
from rag.excerpt import parted
from rag.exchange import Kind, Passage
from rag.figures import CODE, MONEY, PERCENT, PLAIN, Figure, figures_in, measure_of
from rag.figures import STOCK as IN_STOCK
from rag.words import stems

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
#: Written so, a number in a document is a price even without its currency: a table's, mostly.
_LIKE_A_PRICE = re.compile(r"\d+[.,]\d\d")
#: The words of a table's cell with the name of its column, at most.
CELL_WORDS = 4
#: Measures that a bare number of the sources does not speak for.
_EXACT = frozenset({MONEY, PERCENT, IN_STOCK})


class Figures:
    """The figures of some texts, to look others up in."""

    def __init__(self, texts: Iterable[str] = (), *, bare_prices: bool = False) -> None:
        self._measures: defaultdict[Decimal, set[str]] = defaultdict(set)
        self._codes: set[str] = set()
        for text in texts:
            for one in figures_in(text):
                self._add_figure(one, bare_prices=bare_prices)

    def add(self, measure: str, amount: Decimal) -> None:
        """Put in one that is known as a number."""
        self._measures[amount].add(measure)

    def have(self, figure: Figure) -> bool:
        """Whether one of them says the same."""
        if figure.measure == CODE:
            return fold(figure.text) in self._codes
        found = set().union(*(self._measures.get(one, set()) for one in figure.amounts))
        if figure.measure == PLAIN or figure.measure in found:
            return bool(found)
        # "Weight: 2.5" says 2.5 kg, but the 4 of "sleeps 4" not 4 kg where a weight is said.
        bare = PLAIN in found and figure.measure not in _EXACT
        return bare and not self.measures(figure.measure)

    def measures(self, measure: str) -> bool:
        """Whether any of them is of a measure."""
        return any(measure in found for found in self._measures.values())

    def _add_figure(self, one: Figure, *, bare_prices: bool) -> None:
        if one.measure == CODE:
            self._codes.add(fold(one.text))
        for amount in one.amounts:
            self.add(one.measure, amount)
            if bare_prices and one.measure == PLAIN and _LIKE_A_PRICE.fullmatch(one.text):
                self.add(MONEY, amount)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a policy, or a cell of a table: its figures, and the stems of its words."""

    figures: Figures
    stems: frozenset[str]
    cell: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A passage and what it says.

    Attributes:
        title_words: Words of its title in their order, folded.
        statements: Of a policy, its sentences.
    """

    passage: Passage
    figures: Figures
    title_words: tuple[str, ...]
    statements: tuple[Statement, ...] = ()

    @property
    def price(self) -> str:
        """As it is shown; empty where there is none."""
        item = self.passage.product
        return price(item.price, item.currency) if item else ""

    def costs(self, figure: Figure) -> bool:
        """Whether its price is this amount."""
        product = self.passage.product
        return product is not None and product.price in figure.amounts


@dataclass(frozen=True)
class Support:
    """Everything an answer may be written from.

    Attributes:
        sources: The passages.
        given: Sentences that are known to be right, such as exact answers.
        asked: The question, and those before it that the model is shown.
        text: All that the sources say, in lower case.
        language: ISO 639-1 code of the answer's language.
    """

    sources: tuple[Source, ...]
    given: Figures
    asked: Figures
    asked_words: frozenset[str]
    asked_stems: frozenset[str]
    words: frozenset[str]
    text: str
    language: str = "en"

    @cached_property
    def products(self) -> tuple[Source, ...]:
        """The sources that are products."""
        return tuple(one for one in self.sources if one.passage.product)

    @cached_property
    def documents(self) -> tuple[Source, ...]:
        """The sources that are policies."""
        return tuple(one for one in self.sources if one.passage.kind is Kind.POLICY)

    def numbered(self, number: int) -> Source | None:
        """The source that an answer cites so."""
        return next((one for one in self.sources if one.passage.number == number), None)


def support_of(
    passages: Sequence[Passage],
    *,
    given: Sequence[str] = (),
    asked: Sequence[str] = (),
    language: str = "en",
) -> Support:
    """What an answer from these passages may say.

    Args:
        passages: As they are numbered.
        given: Sentences known to be right.
        asked: The shopper's own words: the question and those before it.
        language: Of the answer.
    """
    texts = [_text(passage) for passage in passages]
    return Support(
        sources=tuple(map(_source, passages, texts)),
        given=Figures(given, bare_prices=True),
        asked=Figures(asked),
        asked_words=words_of(" ".join(asked)),
        asked_stems=stems(" ".join(asked)),
        words=words_of(said := "\n".join([*texts, *given])),
        text=said.casefold(),
        language=language,
    )


def words_of(text: str) -> frozenset[str]:
    """The words of a text, folded."""
    return frozenset(WORD.findall(fold(text)))


def _source(passage: Passage, text: str) -> Source:
    figures = Figures([text], bare_prices=passage.kind is Kind.POLICY)
    if passage.product is not None:
        for fact in facts_of(passage.product):
            if fact.number is not None:
                _add_fact(figures, fact.field, Decimal(str(fact.number)), fact.unit)
    said = _statements(text) if passage.kind is Kind.POLICY else ()
    return Source(passage, figures, tuple(WORD.findall(fold(passage.title))), said)


def _statements(text: str) -> tuple[Statement, ...]:
    said = map(_cells, parted(text))
    return tuple(
        Statement(Figures([one], bare_prices=True), stems(one), cell=len(cells) > 1)
        for cells in said
        for one in cells
    )


def _cells(sentence: str) -> list[str]:
    """A row of short cells, such as "M: bust 37 in, waist 30 in", cell by cell; else as it is."""
    label, mark, rest = sentence.partition(": ")
    cells = rest.split(", ")
    short = all(len(cell.split()) <= CELL_WORDS for cell in cells)
    return [f"{label}: {cell}" for cell in cells] if mark and short else [sentence]


def _add_fact(figures: Figures, field: str, number: Decimal, unit: str) -> None:
    if field == STOCK:
        figures.add(IN_STOCK, number)
        return
    measure, factor = (MONEY, Decimal(1)) if field == PRICE else measure_of(unit)
    figures.add(measure, number * factor)


def _text(passage: Passage) -> str:
    """What a passage says, without what in it speaks to the model."""
    values = passage.product.values if passage.product else {}
    said = [f"{name.replace('_', ' ')} {value.text()}" for name, value in values.items()]
    product = passage.product
    known = [product.department or "", product.url or ""] if product else []
    return without_orders("\n".join([passage.title, passage.heading, *known, *said, passage.text]))
