"""The shop's own words, indexed for questions: which words are a value of which field.

Made of :class:`rag.query.Facets`, anew only when their version changes. Knows
what kind of field a field is by its name, as merchants name them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.facts import DEPARTMENT, PRICE, STOCK
from rag.plain_speech import WHO
from rag.query import Facets, FieldFacts
from rag.shop_words import keys_of, listed


class Role(StrEnum):
    """What a field says of a product, as far as questions go."""

    KIND = "kind"  #: what the thing is: tent, kettle
    COLOUR = "colour"  #: its colours
    BRAND = "brand"  #: who makes it
    SIZE = "size"  #: one of several in which it is made
    MATERIAL = "material"  #: what it is made of
    AUDIENCE = "audience"  #: who it is for
    DEPARTMENT = "department"  #: where in the shop it stands
    SWITCH = "switch"  #: yes or no
    CHOICE = "choice"  #: one of a few words


_NAMES = {
    Role.KIND: "type kind category subcategory",
    Role.COLOUR: "colour color farbe couleur kleur",
    Role.BRAND: "brand maker manufacturer marke marque vendor",
    Role.SIZE: "size groesse taille",
    Role.MATERIAL: "material fabric composition",
    Role.AUDIENCE: "audience gender",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
#: Texts of these are prose or search words, in which a missing word means nothing.
_UNFILTERED = listed("tag keyword title seo description summary note name sku url")
#: A field has choices, rather than free texts, while its texts are few and repeat.
MOST_CHOICES, LEAST_REPEATS = 60, 2.0
LONGEST_PHRASE = 5
#: A word in so many titles is what several things are called, rather than one thing's name.
LEAST_TITLED = 2
#: Words as short as this are too much like others to be a slip.
SHORTEST_SLIP, SHORTEST_UNCHECKED_SLIP, TWO_SLIPS_FROM = 5, 7, 8
_SWITCHES = frozenset({"yes", "no"})
#: Words after the one that says what a yes-or-no field is about.
_SWITCH_ENDINGS = listed("safe proof friendly resistant compatible suitable")


@dataclass(frozen=True, slots=True)
class Term:
    """A phrase that stands for texts of a field.

    Attributes:
        texts: Folded, as the facts have them.
        whole: Whether the phrase is a whole text of the field, and not a part of one.
    """

    field: str
    role: Role
    texts: tuple[str, ...]
    whole: bool


class Vocabulary:
    """The words of one version of a shop.

    Attributes:
        fields: What there is, by field name.
        roles: Of each field whose texts can be asked for.
        numeric: Names of the fields that hold numbers, price and stock apart.
        total: About how many products there are.
    """

    def __init__(
        self, fields: Mapping[str, FieldFacts], titled: Callable[[str], int] = lambda word: 0
    ) -> None:
        self.fields = fields
        self._titled = titled
        self.total = max(map(_known, fields.values()), default=0)
        self.roles = {
            name: role
            for name, facts in fields.items()
            if facts.texts and (role := _role(name, facts)) is not None
        }
        self.numeric = tuple(
            name for name, facts in fields.items() if facts.numbers and name not in (PRICE, STOCK)
        )
        self._terms: dict[tuple[str, ...], list[Term]] = defaultdict(list)
        for name, role in self.roles.items():
            self._index(name, role, fields[name])
        words = {word for phrase in self._terms for word in phrase}
        words |= {word for name in fields for word in keys_of(name)}
        self.words = frozenset(words)
        self._spelled: dict[str, list[str]] = defaultdict(list)
        for word in sorted(words | WHO.keys()):
            if len(word) >= SHORTEST_SLIP - 1 and word.isalpha():
                self._spelled[word[0]].append(word)

    def find(self, keys: tuple[str, ...]) -> list[Term]:
        """What a phrase stands for, in every field in which it stands for something."""
        return self._terms.get(keys, [])

    def named(self, role: Role) -> str | None:
        """The field of this role that most products have; None without any."""
        names = [name for name, one in self.roles.items() if one is role]
        return max(names, key=lambda name: _known(self.fields[name]), default=None)

    def tells_kinds(self) -> bool:
        """Whether the shop says of most products what they are."""
        field = self.named(Role.KIND)
        return field is not None and self.is_known_of_most(field)

    def is_titled(self, word: str) -> bool:
        """Whether a word stands in the titles of several products."""
        return self._titled(word) >= LEAST_TITLED

    def is_known_of_most(self, field: str) -> bool:
        """Whether a field says something of at least every other product."""
        return _known(self.fields[field]) * 2 >= self.total

    def spelled_right(self, word: str, *, checked: bool) -> str | None:
        """The shop's word that was meant by a mistyped one; None where that is not clear.

        Args:
            word: In the form in which words are looked up; not a word of the shop.
            checked: Whether it is known to be no word of the language.
        """
        shortest = SHORTEST_SLIP if checked else SHORTEST_UNCHECKED_SLIP
        if len(word) < shortest or not word.isalpha():
            return None
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        close = process.extract(
            word, self._spelled.get(word[0], ()), scorer=OSA.distance, score_cutoff=slips, limit=3
        )
        if not close or (len(close) > 1 and close[0][1] == close[1][1]):
            return None
        return str(close[0][0])

    def _index(self, name: str, role: Role, facts: FieldFacts) -> None:
        if role is Role.SWITCH:
            self._index_switch(name)
            return
        parts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        wholes: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for text in facts.texts:
            keys = keys_of(text)
            if not 0 < len(keys) <= LONGEST_PHRASE:
                continue
            wholes[keys].append(text)
            for part in set(_parts(role, keys)):
                parts[part].append(text)
        for keys in wholes.keys() | parts.keys():
            texts = dict.fromkeys([*wholes.get(keys, ()), *parts.get(keys, ())])
            self._terms[keys].append(Term(name, role, tuple(sorted(texts)), keys in wholes))

    def _index_switch(self, name: str) -> None:
        keys = keys_of(name)
        phrases = {keys}
        if len(keys) == 2 and keys[1] in _SWITCH_ENDINGS:
            phrases |= {keys[:1], ("".join(keys),)}
        for phrase in phrases:
            self._terms[phrase].append(Term(name, Role.SWITCH, ("yes",), True))


def vocabulary_of(facets: Facets) -> Vocabulary:
    """The words of a shop as it is now; made anew only when they changed."""
    global _latest
    version = facets.version
    known, of_version, vocabulary = _latest
    if known is facets and of_version == version:
        return vocabulary
    vocabulary = Vocabulary(facets.fields(), facets.titled)
    _latest = (facets, version, vocabulary)
    return vocabulary


def _known(facts: FieldFacts) -> int:
    """Of about how many products a field is known."""
    return max(sum(facts.texts.values()), facts.numbers)


def _role(name: str, facts: FieldFacts) -> Role | None:
    if name == DEPARTMENT:
        return Role.DEPARTMENT
    if facts.texts.keys() <= _SWITCHES:
        return Role.SWITCH
    keys = keys_of(name)
    if not keys or not _UNFILTERED.isdisjoint(keys):
        return None
    if keys[-1] in _ROLES:
        return _ROLES[keys[-1]]
    repeats = sum(facts.texts.values()) / len(facts.texts)
    few = len(facts.texts) <= MOST_CHOICES and repeats >= LEAST_REPEATS
    return Role.CHOICE if few else None


def _parts(role: Role, keys: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The phrases of a text that stand for it, too: "boot" for a hiking boot, "blue" for navy."""
    if role is Role.KIND:
        yield from (keys[at:] for at in range(1, len(keys)))
    elif role in (Role.COLOUR, Role.MATERIAL):
        yield from ((key,) for key in keys)
        yield from pairwise(keys)


_latest: tuple[Facets | None, int, Vocabulary] = (None, -1, Vocabulary({}))
