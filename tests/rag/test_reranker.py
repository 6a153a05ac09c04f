"""A cross-encoder so small that it is made here, with a real one's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import products
from core.db import Database
from core.errors import SettingError
from core.products import Product
from rag.live_mirror import LiveMirror
from rag.reranker import Reranker
from rag.retriever import Retriever
from tests.rag.fake_embedder import FakeEmbedder


def made(folder: Path, labels: int = 1) -> str:
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "tent", "green", "mat", "."]
    (folder / "vocab.txt").write_text("\n".join(words))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
    )
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_cross_encoder_decides_the_order(db: Database, tmp_path: Path) -> None:
    reranker = Reranker(made(tmp_path))
    products.publish(
        db, [Product("a", "Tent"), Product("b", "Green tent"), Product("c", "Mat tent")]
    )
    texts = {"product:a": "Tent. ", "product:b": "Green tent. ", "product:c": "Mat tent. "}
    scores = dict(zip(texts, reranker.scores("tent", list(texts.values())), strict=True))
    retriever = Retriever(LiveMirror(db), None, FakeEmbedder(), reranker)
    found = [passage.id for passage in retriever.rank("tent", 3).passages]
    # It was not trained, so its scores may be equal.
    assert [scores[id] for id in found] == sorted(scores.values(), reverse=True)


def test_nothing_found_needs_no_model() -> None:
    assert Reranker("nowhere").scores("tent", []) == []


def test_what_cannot_be_loaded_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"SHOPKEEPER_RERANKER names .*nowhere.* leave it out"):
        Reranker(str(tmp_path / "nowhere")).scores("tent", ["Tent"])


def test_classifier_is_no_cross_encoder_for_ranking(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="gives 3 scores"):
        Reranker(made(tmp_path, labels=3)).scores("tent", ["Tent"])
