from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import CatalogError
from core.settings import SAMPLE
from rag.relevance import figures, read_judgements, read_products
from rag.sample_shop import sample_products


def folder(tmp_path: Path, queries: str, qrels: str) -> Path:
    (tmp_path / "queries.tsv").write_text(queries)
    (tmp_path / "qrels.tsv").write_text(qrels)
    return tmp_path


def test_queries_and_judgements_are_read_with_and_without_a_header(tmp_path: Path) -> None:
    bare = read_judgements(folder(tmp_path, "1\tred tent\n", "1\t0\ta\t2\n1\t0\tb\t0\n"))
    assert bare.queries == {"1": "red tent"}
    assert bare.relevant == {"1": {"a": 2, "b": 0}}
    headed = folder(
        tmp_path,
        "query_id\tquery\n1\tred tent\n",
        "query_id\titer\tproduct_id\trelevance\n1\t0\ta\t2\n1\t0\tb\t0\n",
    )
    assert read_judgements(headed) == bare
    spaced = folder(tmp_path, "1\tred tent\n", "1 0 a 2\n1 Q0 b 0\n")
    assert read_judgements(spaced) == bare


def test_queries_without_anything_relevant_are_left_out(tmp_path: Path) -> None:
    found = read_judgements(folder(tmp_path, "1\ttent\n2\tmat\n3\tpot\n", "1 0 a 1\n2 0 a 0\n"))
    assert list(found.queries) == ["1"]


@pytest.mark.parametrize(
    ("queries", "qrels", "told"),
    [
        ("1 tent\n", "1 0 a 1\n", r"queries\.tsv, line 1 needs a query id, a tab"),
        ("1\ttent\n1\tmat\n", "1 0 a 1\n", r"queries\.tsv, line 2 has the query id 1 a second"),
        ("1\ttent\n", "1 0 a 1\n1 a 1\n", r"qrels\.tsv, line 2 needs 4 columns"),
        ("1\ttent\n", "1 0 a good\n", r"qrels\.tsv, line 1 has “good” for a relevance"),
        ("1\ttent\n", "2 0 a 1\n", r"qrels\.tsv, line 1 judges query 2, which"),
        ("1\ttent\n", "1 0 a 0\n", r"names no relevant product"),
        ("\n", "1 0 a 0\n", r"queries\.tsv holds no queries"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    tmp_path: Path, queries: str, qrels: str, told: str
) -> None:
    with pytest.raises(CatalogError, match=told):
        read_judgements(folder(tmp_path, queries, qrels))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"queries\.tsv cannot be read"):
        read_judgements(tmp_path)


def test_products_are_read_from_columns_of_many_names(tmp_path: Path) -> None:
    path = tmp_path / "products.jsonl"
    path.write_text(
        '{"product_id": 7, "name": "Tent", "body": "Green.", "price": 12.5, "stock": null}\n'
        '{"id": "b", "title": "Mat"}\n'
    )
    tent, mat = read_products(path)
    assert (tent.id, tent.title, tent.description) == ("7", "Tent", "Green.")
    assert (str(tent.price), tent.stock) == ("12.5", None)
    assert (mat.id, mat.description) == ("b", "")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "a"}', "line 2 has no id or no title"),
        ("[1, 2]", "line 2 is not a JSON object"),
        ("{", "line 2 is not a JSON object"),
    ],
)
def test_a_malformed_product_is_named_by_its_line(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "products.jsonl"
    path.write_text('{"id": "a", "title": "Tent"}\n' + line)
    with pytest.raises(CatalogError, match=told):
        read_products(path)


def test_figures_are_those_of_trec_eval() -> None:
    # Worked by hand: (1/log2(2) + 2/log2(4)) / (2/log2(2) + 1/log2(3)) = 2 / 2.6309.
    found = figures({"a": 1, "b": 2}, ["a", "x", "b"])
    assert found["ndcg@10"] == pytest.approx(0.7602, abs=1e-4)
    assert (found["recall@10"], found["mrr"]) == (1.0, 1.0)
    late = figures({"a": 1}, ["x", "y", "z", "a"])
    assert late["mrr"] == 0.25
    assert figures({"a": 1, "b": 1}, ["x"] * 1 + ["a"])["recall@10"] == 0.5


def test_a_ranking_that_found_nothing_is_worth_nothing() -> None:
    assert figures({"a": 1}, []) == {"ndcg@10": 0.0, "recall@10": 0.0, "mrr": 0.0}
    assert figures({"a": 1}, ["x"])["mrr"] == 0.0


def test_the_sample_shop_has_judged_queries_about_its_own_products() -> None:
    judged = read_judgements(SAMPLE)
    ids = {item.id for item in sample_products()}
    assert len(judged.queries) >= 120
    assert all(set(products) <= ids for products in judged.relevant.values())
