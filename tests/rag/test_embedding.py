from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from math import isclose

import pytest

from core.settings import PROJECT
from rag.embedding import Embedder

pytestmark = pytest.mark.processes


def test_importing_loads_no_model() -> None:
    code = "import sys, rag.embedding; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_vectors_are_normalised_and_in_order(embedder: Embedder) -> None:
    long, short = embedder.embed_documents(["tent " * 100, "kettle"])
    assert len(short) == 384
    assert isclose(sum(number**2 for number in short), 1, rel_tol=1e-5)
    again = embedder.embed_documents(["kettle"])[0]
    # Not to the last digit: some processors calculate with fewer of them.
    assert sum(a * b for a, b in zip(short, again, strict=True)) > 0.9999
    assert long != short
    assert embedder.embed_documents([]) == []


def test_threads_get_the_vectors_of_one(embedder: Embedder) -> None:
    questions = [f"question number {n} " * (n % 7 + 1) for n in range(40)]
    alone = [embedder.embed_documents([text.strip()])[0] for text in questions]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(embedder.embed_query, questions))
    for one, other in zip(alone, together, strict=True):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) < 1e-5


def test_spelling_of_a_question_is_one_entry(embedder: Embedder) -> None:
    assert embedder.embed_query("A  Tent") == embedder.embed_query("a tent ")
