"""Makes conditions of the values found in a question, with the words that a chip shows."""

from __future__ import annotations

from collections.abc import Sequence

from core.facts import Filter
from rag.stated import Reading
from rag.value_words import Match
from rag.vocabulary import Role


def conditions(matches: Sequence[Match]) -> list[Reading]:
    """One condition for the values of each field: "red or blue" admits either."""
    groups: dict[tuple[str, bool], list[Match]] = {}
    for match in matches:
        groups.setdefault((match.field, match.negated), []).append(match)
    return [
        Reading(_condition(group), group[0].start, group[0].end, describes=not group[0].negated)
        for group in groups.values()
    ]


def _condition(group: Sequence[Match]) -> Filter:
    first = group[0]
    texts = tuple(dict.fromkeys(text for match in group for text in match.texts))
    return Filter(first.field, texts=texts, negated=first.negated, label=_label(group))


def _label(group: Sequence[Match]) -> str:
    first = group[0]
    words = " or ".join(dict.fromkeys(match.text for match in group))
    name = first.field.replace("_", " ")
    match first.role:
        case Role.SWITCH:
            words = name
        case Role.AUDIENCE:
            words = f"for {' or '.join(dict.fromkeys(match.texts[0] for match in group))}"
        case Role.DEPARTMENT:
            words = f"in {words}"
        case Role.KIND:
            pass
        case _ if not first.negated:
            words = f"{name}: {words}"
    return f"not {words}" if first.negated else words
