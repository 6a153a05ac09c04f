"""The counter: a question and its history in, a streamed, cited answer out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.db import Database
from core.settings import Settings
from rag.exchange import Passage, Timing, Turn


class Reply:
    """An answer in the making: its sources are known, its words are still to come.

    Attributes:
        passages: The sources, numbered as the answer cites them; empty when refused.
        refused: Nothing in the shop is about the question, so no model is asked.
        text: What has been written so far; after the stream, the final text.
        timing: Complete when the stream has ended.
    """

    passages: tuple[Passage, ...]
    refused: bool
    text: str
    timing: Timing

    def stream(self) -> Iterator[str]:
        """Yield the answer in pieces; closing the generator stops the model at once.

        Raises:
            ModelError: The model gave no (whole) answer; ``text`` keeps what there is.
        """
        raise NotImplementedError


class Counter:
    """Answers questions from the shop; made once a process, safe to share between threads."""

    def warm(self) -> None:
        """Load and connect what the first question would otherwise wait for.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        raise NotImplementedError

    def ask(
        self, question: str, history: Sequence[Turn] = (), conversation_id: str | None = None
    ) -> Reply:
        """Find the sources for a question; the words come from :meth:`Reply.stream`.

        Raises:
            ServiceError: The search index cannot be reached.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the connections."""


def open_counter(settings: Settings, db: Database) -> Counter:
    """A counter over the shop in these tables; cheap, see :meth:`Counter.warm`."""
    raise NotImplementedError
