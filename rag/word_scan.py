"""A question's words as the shop knows them: mistyped ones put right, phrases looked up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.plain_speech import CHATTER, MEANS, WHO
from rag.shop_words import Word, words_of
from rag.vocabulary import LONGEST_PHRASE, Role, Term, Vocabulary

#: Signs that end a phrase.
_STOPS = ",;.?!:()"


class Scan:
    """One question, looked through from its first word to its last."""

    def __init__(
        self,
        question: str,
        vocabulary: Vocabulary,
        taken: Sequence[tuple[int, int]],
        is_word: Callable[[str], bool] | None,
    ) -> None:
        self.question = question
        self.vocabulary = vocabulary
        self.taken = taken
        self.words = words_of(question)
        self.keys = [self._key(word, is_word) for word in self.words]
        self.kinds = self._kinds()

    def _key(self, word: Word, is_word: Callable[[str], bool] | None) -> str:
        """A word as the shop knows it: put right where it is mistyped, else as it is."""
        if word.key in self.vocabulary.words or word.key in CHATTER:
            return word.key
        if word.key in MEANS:
            return MEANS[word.key]
        if word.key in WHO or (is_word is not None and is_word(word.text.lower())):
            return word.key
        right = self.vocabulary.spelled_right(word.key, checked=is_word is not None)
        return right or word.key

    def _kinds(self) -> dict[int, int]:
        """Where what a thing is stands: the first word's place to how many words."""
        return {
            at: length
            for at in range(len(self.words))
            for length in range(1, LONGEST_PHRASE + 1)
            if any(one.role is Role.KIND for one in self.terms(at, length))
        }

    def terms(self, at: int, length: int) -> list[Term]:
        """What the words from a place on stand for."""
        if at + length > len(self.words) or not self.is_free(at, length):
            return []
        keys = tuple(key for key in self.keys[at : at + length] if key != "and")
        # "And" may stand within a phrase, not at its ends.
        edges = {self.keys[at], self.keys[at + length - 1]}
        return [] if "and" in edges else self.vocabulary.find(keys)

    def is_free(self, at: int, length: int) -> bool:
        """Whether words from a place on are one phrase and became nothing else before."""
        start, end = self.words[at].start, self.words[at + length - 1].end
        gap = self.question[start:end]
        return not self._is_taken(start, end) and not any(sign in gap for sign in _STOPS)

    def is_taken(self, at: int) -> bool:
        """Whether the word at a place became something else before."""
        return self._is_taken(self.words[at].start, self.words[at].end)

    def before(self, at: int) -> str:
        """The word before a place; empty at the beginning."""
        return self.words[at - 1].text.lower() if at > 0 else ""

    def after(self, at: int) -> str:
        """The word at a place, as it is looked up; empty at the end and after a stop."""
        if at >= len(self.words):
            return ""
        gap = self.question[self.words[at - 1].end : self.words[at].start] if at else ""
        if self._is_taken(self.words[at].start, self.words[at].end):
            return ""
        return "" if any(sign in gap for sign in _STOPS) else self.keys[at]

    def _is_taken(self, start: int, end: int) -> bool:
        return any(start < other_end and other < end for other, other_end in self.taken)
