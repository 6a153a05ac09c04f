"""Vectors without a model: alike only for the same text."""

from __future__ import annotations

import hashlib

import numpy as np

from rag.embedding import DIMENSIONS, Embedder


class FakeEmbedder(Embedder):
    """Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked += texts
        return [_vector(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return _vector(text)

    def is_word(self, text: str) -> bool:
        return False


def _vector(text: str) -> list[float]:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    made = np.random.default_rng(seed).standard_normal(DIMENSIONS)
    normal: list[float] = (made / np.linalg.norm(made)).tolist()
    return normal
