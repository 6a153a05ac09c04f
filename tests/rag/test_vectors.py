from __future__ import annotations

import time

import numpy as np
import pytest

from core.db import Database
from rag import embedding, vectors
from rag.vector_rows import VectorRows
from tests.rag.fake_embedder import FakeEmbedder


def test_no_text_is_embedded_twice(db: Database) -> None:
    embedder = FakeEmbedder()
    first = vectors.embed(db, embedder, ["tent", "mat", "tent"])
    again = vectors.embed(db, embedder, ["mat", "kettle"])
    assert embedder.asked == ["tent", "mat", "kettle"]
    assert vectors.count(db) == 3
    assert (first[0] == first[2]).all()
    assert (first[1] == again[0]).all()
    assert vectors.embed(db, embedder, []).size == 0


def test_vectors_of_another_model_are_not_taken_for_ours(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors.embed(db, FakeEmbedder(), ["tent"])
    monkeypatch.setattr(embedding, "EMBEDDING_NAME", "another")
    other = FakeEmbedder()
    vectors.embed(db, other, ["tent"])
    assert other.asked == ["tent"]


def test_vectors_that_nobody_needs_go_after_a_day(db: Database) -> None:
    vectors.embed(db, FakeEmbedder(), ["tent", "mat"])
    needed = {vectors.text_key("tent")}
    assert vectors.forget_unneeded(db, needed) == 0
    tomorrow = time.time() + vectors.KEPT_S + 1
    assert vectors.forget_unneeded(db, needed, now=tomorrow) == 1
    assert list(vectors.get(db, [vectors.text_key("tent"), vectors.text_key("mat")])) == [
        vectors.text_key("tent")
    ]


def filled(count: int) -> tuple[VectorRows, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    made = np.random.default_rng(3).standard_normal((count, embedding.DIMENSIONS))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    rows = VectorRows()
    for row, vector in enumerate(made):
        rows.put({row: vector.astype(np.float16).tobytes()})
    return rows, made.astype(np.float32)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 1.0])
def test_nearest_are_the_nearest_of_those_admitted(share: float) -> None:
    rows, made = filled(3000)
    rows.remove([5])
    admitted = np.random.default_rng(4).random(3000) < share
    asked = made[7]
    expected = sorted(
        (row for row in np.flatnonzero(admitted).tolist() if row != 5),
        key=lambda row: -float(made[row] @ asked),
    )[:10]
    found = rows.nearest(asked.tolist(), 10, admitted)
    assert [row for row, _ in found] == expected
    for row, similarity in found:
        assert similarity == pytest.approx(float(made[row] @ asked), abs=2e-3)


def test_rows_without_a_vector_are_further_away_than_any() -> None:
    rows, made = filled(3)
    rows.remove([1, 99])
    similarities = rows.similarities(made[0].tolist(), np.array([0, 1, 2, 99]))
    assert similarities[0] == pytest.approx(1, abs=1e-3)
    assert similarities[[1, 3]].tolist() == [-1, -1]
    assert rows.count() == 2
    assert VectorRows().nearest(made[0].tolist(), 3) == []
    assert VectorRows().nearest(made[0].tolist(), 3, np.ones(5, bool)) == []
