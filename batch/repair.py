"""Mends a value that was to be copied and is not quite what the row says.

Small models copy with slips: a plural, a letter lost, two words swapped. Such
a value becomes what the row has, if only one place of the row can be meant;
otherwise it stays for a person. Numbers are never mended: 12 is not 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.fuzz import ratio

from batch.cells import plain_text
from batch.grounding import Span, place
from batch.words import Word, Words, words
from core.values import Origin, Value

#: How alike two texts have to be, of 100: one slip in ten letters or so.
ALIKE = 88.0
#: Alike texts that are looked at, the most alike first.
MOST_ALIKE = 20
#: Below so many letters, one slip makes another word.
FEWEST_LETTERS = 5
#: Words that may stand between those of a value.
_FILLERS = frozenset(["and", "of", "the", "with", "in", "und", "et", "de", "la", "di"])
#: Between the parts of a value that the row has in several places.
_SEPARATORS = (",", ";", "/", "&", " and ", " und ", " et ", " y ")

Look = Callable[[Words, Words], Iterator[Span]]


def repair(value: str, row: Mapping[str, str], columns: Sequence[str]) -> Value | None:
    """What the row has in place of a value that was to be copied from it.

    Tried in turn, the first that finds anything decides: the same words up to
    case, spacing, punctuation, accents and the form of numbers; their singular
    or plural; the same words in another order; texts that are alike but for a
    slip (:data:`ALIKE`), with the same numbers. Found in two wordings that
    differ, it is not known which is meant. A value of several parts, each of
    which stands in the row, is stated where its first part is.

    Args:
        value: As the model gave it.
        row: Cells by column name, as they stand in the catalog.
        columns: Columns the model read, in the order to search.

    Returns:
        The value as the row writes it, with its place; None where it cannot be told.
    """
    wanted = words(value)
    if not wanted.all:
        return None
    if found := place(value, row, columns):
        return _at(found[0], found[1], row)
    if parts := _parts(value, row, columns):
        return parts
    for look in (_other_endings, _other_order, _alike):
        places = [
            (column, span)
            for column in columns
            for span in look(wanted, words(row.get(column, "")))
        ]
        if places:
            return _only(places, row)
    return None


def _only(places: Sequence[tuple[str, Span]], row: Mapping[str, str]) -> Value | None:
    """The value at these places, if all of them have the same words."""
    found = [_at(column, span, row) for column, span in places]
    wordings = {words(str(one.value)).compact for one in found}
    return found[0] if len(wordings) == 1 else None


def _at(column: str, span: Span, row: Mapping[str, str]) -> Value:
    written = plain_text(row[column][span[0] : span[1]])
    return Value(written, Origin.STATED, column, *span)


def _parts(value: str, row: Mapping[str, str], columns: Sequence[str]) -> Value | None:
    """A value such as "moss, slate", of which each part stands somewhere."""
    text = value
    for separator in _SEPARATORS:
        text = text.replace(separator, "\n")
    parts = [part for each in text.split("\n") if (part := each.strip())]
    found = [place(part, row, columns) for part in parts]
    if len(parts) < 2 or not all(found) or found[0] is None:
        return None
    column, span = found[0]
    return replace(_at(column, span, row), value=value)


def _windows(wanted: Words, there: Words, more: int) -> Iterator[tuple[int, int]]:
    """Runs of words of about as many as are wanted, as numbers of their first and last."""
    size = len(wanted.all)
    glued = [word.glued for word in there.all] + [False]
    for length in range(max(1, size - more), size + more + 1):
        for start in range(len(there.all) - length + 1):
            if not glued[start] and not glued[start + length]:
                yield start, start + length - 1


def _span(there: Words, window: tuple[int, int]) -> Span:
    return there.all[window[0]].start, there.all[window[1]].end


def _numbers(found: Sequence[Word]) -> list[str]:
    return sorted(word.fold for word in found if word.is_number)


def _other_endings(wanted: Words, there: Words) -> Iterator[Span]:
    if set(wanted.stems) <= set(there.stems):
        for first, last in _windows(wanted, there, 0):
            if there.stems[first : last + 1] == wanted.stems:
                yield _span(there, (first, last))


def _other_order(wanted: Words, there: Words) -> Iterator[Span]:
    stems = sorted(set(wanted.stems) - _FILLERS)
    if len(stems) < 2 or not set(stems) <= set(there.stems):
        return
    for first, last in _windows(wanted, there, 1):
        found = there.stems[first : last + 1]
        ends_in_filler = found[0] in _FILLERS or found[-1] in _FILLERS
        if not ends_in_filler and sorted(set(found) - _FILLERS) == stems:
            yield _span(there, (first, last))


def _alike(wanted: Words, there: Words) -> Iterator[Span]:
    """The most alike run of words, or several that are equally so."""
    size, numbers = len(wanted.compact), _numbers(wanted.all)
    if size < FEWEST_LETTERS:
        return
    offsets, ends = list(there.starts), list(there.ends)
    candidates = {
        (first, last): there.compact[offsets[first] : ends[last]]
        for first, last in _windows(wanted, there, 1)
        if abs(ends[last] - offsets[first] - size) <= size * (100 - ALIKE) / 50
    }
    found = process.extract(
        wanted.compact, candidates, scorer=ratio, score_cutoff=ALIKE, limit=MOST_ALIKE
    )
    same = [one for one in found if _numbers(there.all[one[2][0] : one[2][1] + 1]) == numbers]
    yield from (_span(there, window) for _, alike, window in same if alike == same[0][1])
