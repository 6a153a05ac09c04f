"""What the sentences of policies say: beside which words a figure stands, and in which policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.figures import CODE, MONEY, PLAIN, Figure, figures_in
from rag.mentions import CITATIONS, cited_in
from rag.support import Source, Support
from rag.words import stems


def stated(figure: Figure, around: str, support: Support) -> bool:
    """Whether a policy says a figure in a sentence that is about the same.

    It is not where another sentence, with another figure of the kind, has all the
    words that this one shares with the answer and the question, and more.

    Args:
        figure: A figure of an answer's sentence.
        around: The other words of that sentence.
        support: What the answer may be written from.
    """
    words = stems(around) | support.asked_stems
    said = [one for source in support.documents for one in source.statements]
    holding = [one for one in said if one.figures.have(figure)]
    rivals = [
        one
        for one in said
        if (figure.measure not in (PLAIN, CODE) or (figure.measure == PLAIN and one.cell))
        and one.figures.measures(figure.measure)
        and not one.figures.have(figure)
    ]
    shared = [words & one.stems for one in rivals]
    return any(not any(words & one.stems < other for other in shared) for one in holding)


def cited_rightly(sentence: str, support: Support) -> str | None:
    """A sentence with the citation of the policy that has its figures; None where that is unclear.

    What cites a product, or nothing, stays as it is; a product whose price or measure
    stands in the sentence is cited with the policies.
    """
    cited = [one for number in cited_in(sentence) if (one := support.numbered(number))]
    if not cited or any(one.passage.product for one in cited):
        return sentence
    figures = [one for one in figures_in(sentence) if _any_has(support.documents, one)]
    if all(_any_has(cited, one) for one in figures):
        return sentence + "".join(_owners(sentence, [*cited, *support.documents], support))
    able = [one for one in support.documents if all(one.figures.have(figure) for figure in figures)]
    if len(able) != 1:
        return None
    first, *rest = [*CITATIONS.finditer(sentence)]
    for extra in reversed(rest):
        sentence = sentence[: extra.start()].rstrip() + sentence[extra.end() :]
    return f"{sentence[: first.start()]}[{able[0].passage.number}]{sentence[first.end() :]}"


def _owners(sentence: str, cited: Sequence[Source], support: Support) -> Iterator[str]:
    """Citations of the products that alone have figures of a sentence."""
    strange = [one for one in figures_in(sentence) if not _any_has(cited, one)]
    for product in support.products:
        if any(product.costs(one) for one in strange if one.measure == MONEY):
            yield f"[{product.passage.number}]"


def _any_has(sources: Sequence[Source], figure: Figure) -> bool:
    return any(one.figures.have(figure) for one in sources)
