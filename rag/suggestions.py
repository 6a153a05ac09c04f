"""Questions that might come next: from what is in the shop, and each with an answer there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from core import fact_search
from core.db import Database
from core.facts import DEPARTMENT, STOCK, Filter, facts_of
from core.fold import fold
from core.products import Product
from rag.exact_conditions import is_kind
from rag.exchange import Passage
from rag.parts import Part
from rag.query import FieldFacts, Intent
from rag.sameness import same_form

MOST = 3
#: Candidates whose answer is looked for; looking costs about as much as a search.
TRIED = 7
#: Fields of which another value is asked for, by their usual names.
CHOICES = ("colour", "color", "size", "material")
#: Departments and documents that are named after an answer about something else.
NAMED = 2
LANGUAGE = "en"


def suggested(
    parts: Sequence[Part],
    fields: Mapping[str, FieldFacts],
    documents: Mapping[str, str],
    alike: Callable[[Sequence[Product], str], Sequence[str]],
    answerable: Callable[[str], bool],
) -> tuple[str, ...]:
    """At most three questions, in English only; none where the answer is in another language.

    Args:
        parts: What was answered.
        fields: What the products on sale have.
        documents: Titles of the policy documents by name.
        alike: The texts that products of the same kind have in a field, the commonest first.
        answerable: Whether the shop can answer a question that comes next.
    """
    if any(part.query.language != LANGUAGE for part in parts):
        return ()
    asked = {same_form(part.query.asked) for part in parts}
    new = (
        one for one in _candidates(parts, fields, documents, alike) if same_form(one) not in asked
    )
    return tuple(islice(filter(answerable, islice(dict.fromkeys(new), TRIED)), MOST))


def same_kind(db: Database, items: Sequence[Product], field: str) -> tuple[str, ...]:
    """What products of the same kind have in a field; nothing where no kind is known."""
    of: dict[str, set[str]] = {}
    for item in items:
        for fact in facts_of(item):
            if is_kind(Filter(fact.field, texts=(fact.text,))):
                of.setdefault(fact.field, set()).add(fact.text)
    filters = [Filter(name, texts=tuple(sorted(texts))) for name, texts in of.items()]
    if not filters:
        return ()
    return tuple(shown for shown, _ in fact_search.values(db, field, filters))


def _candidates(
    parts: Sequence[Part],
    fields: Mapping[str, FieldFacts],
    documents: Mapping[str, str],
    alike: Callable[[Sequence[Product], str], Sequence[str]],
) -> Iterator[str]:
    answered = [part for part in parts if not part.refused]
    shown = list({passage.id: passage for part in answered for passage in part.passages}.values())
    items = [passage.product for passage in shown if passage.product]
    if items:
        yield from _about_several(parts, items)
        yield from _other_values(parts, items, alike)
    yield from _about_documents(shown, documents)
    if not items:
        yield from _about_departments(fields)


def _about_several(parts: Sequence[Part], items: Sequence[Product]) -> Iterator[str]:
    if len(items) < 2:
        return
    filtered = {one.field for part in parts for one in part.query.filters}
    in_stock = [bool(item.stock) for item in items if item.stock is not None]
    if STOCK not in filtered and any(in_stock) and not all(in_stock):
        yield "Which of these are in stock?"
    priced = [item for item in items if item.price is not None]
    ordered = any(part.query.order for part in parts)
    if len(priced) > 1 and not ordered:
        yield "Which is the cheapest?"
    if not any(part.query.intent is Intent.COMPARE for part in parts):
        yield f"Compare the {items[0].title} and the {items[1].title}"


def _other_values(
    parts: Sequence[Part],
    items: Sequence[Product],
    alike: Callable[[Sequence[Product], str], Sequence[str]],
) -> Iterator[str]:
    """Whether it is there in another colour, size or material than those that were shown."""
    it = "it" if len(items) == 1 else "them"
    for name in CHOICES:
        known = {fact.text for item in items for fact in facts_of(item) if fact.field == name}
        known |= {text for part in parts for one in part.query.filters for text in one.texts}
        known |= {fold(word) for part in parts for word in part.query.asked.split()}
        if not known:
            continue
        others = (text for text in alike(items, name) if fold(text) not in known)
        for text in islice(others, NAMED):
            yield f"Do you have {it} in {text}?"


def _about_documents(shown: Sequence[Passage], documents: Mapping[str, str]) -> Iterator[str]:
    read = {passage.id.removeprefix("policy:").rpartition("#")[0] for passage in shown}
    titles = [title for name, title in documents.items() if name not in read]
    returns = [title for title in titles if "return" in title.casefold()]
    if returns and any(passage.product for passage in shown):
        yield "What is your return policy?"
    for title in islice(titles, NAMED):
        yield f"What is your policy on {_amid(title)}?"


def _amid(title: str) -> str:
    """A title in the midst of a sentence: without its capitals, but for abbreviations."""
    return " ".join(word if word.isupper() else word.lower() for word in title.split())


def _about_departments(fields: Mapping[str, FieldFacts]) -> Iterator[str]:
    found = fields.get(DEPARTMENT)
    if found is None:
        return
    largest = sorted(found.texts.items(), key=lambda counted: (-counted[1], counted[0]))
    for text, _ in largest[:NAMED]:
        yield f"What do you have in {found.shown.get(text, text)}?"
