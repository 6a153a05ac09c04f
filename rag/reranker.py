"""Puts what was found in order once more with a cross-encoder, where the settings name one.

It reads question and passage together, which is somewhat better and many times
slower than comparing vectors: a choice for shops with processors to spare.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import SettingError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH = 16


class Reranker:
    """A cross-encoder of sentence-transformers; safe to share between threads, which take turns.

    Args:
        name: Its name on the hub, or its folder.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._model: CrossEncoder | None = None

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers a question; only their order means anything.

        Raises:
            SettingError: The model cannot be loaded.
        """
        if not texts:
            return []
        with self._lock:
            if self._model is None:
                self._model = _load(self.name)
            pairs = [(question, text) for text in texts]
            found = self._model.predict(pairs, batch_size=BATCH, show_progress_bar=False)
        return [float(score) for score in found]


def _load(name: str) -> CrossEncoder:
    from sentence_transformers import CrossEncoder

    try:
        model: CrossEncoder = CrossEncoder(name, device="cpu")
    # Whatever is wrong with a folder of weights, the libraries below say it in their own ways.
    except Exception as error:
        raise SettingError(
            f"SHOPKEEPER_RERANKER names {name}, which cannot be loaded: {error}. Name a "
            "cross-encoder of sentence-transformers or the folder of one, or leave it out."
        ) from error
    if model.num_labels != 1:
        raise SettingError(
            f"SHOPKEEPER_RERANKER names {name}, which gives {model.num_labels} scores for a text "
            "instead of one. Name a cross-encoder for ranking, or leave it out."
        )
    return model
