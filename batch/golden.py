"""Products with the right values, in files: what extraction is measured by and may learn from.

A folder holds ``test.jsonl``, to measure by, and ``train_small.jsonl`` or
``train.jsonl``, to learn from: a JSON object a line with ``input`` (the product's
text), ``category`` and ``target_scores`` (field to its accepted values; ``n/a``
where the text states none).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from batch.fields import Field, FieldSet
from batch.plan import Plan
from core.errors import CatalogError
from core.nearest import Demonstration

TEST = "test"
#: Where the fields of a category are learnt, the first that there is.
TRAINING = ("train_small", "train")
#: What says that a text states no value.
NOTHING = "n/a"
#: The column of a catalog that products of a file make up, and the one that names their kind.
TEXT, KIND = "product", "category"


@dataclass(frozen=True, slots=True)
class Golden:
    """A product with the right values.

    Attributes:
        text: As it stands in the file.
        category: What kind of product it is.
        values: Field to its accepted values; a field without one is left out.
    """

    text: str
    category: str
    values: Mapping[str, frozenset[str]]


def read_golden(path: Path) -> list[Golden]:
    """The products of a file.

    Raises:
        CatalogError: It cannot be read or is not of this form; names the file and the line.
    """
    try:
        with path.open("rb") as file:
            found = [
                _golden(path, number, line) for number, line in enumerate(file, 1) if line.strip()
            ]
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    if not found:
        raise CatalogError(f"{path} has no products.")
    return found


def _golden(path: Path, number: int, line: bytes) -> Golden:
    where = f"{path}, line {number}"
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CatalogError(f"{where}: not valid JSON: {error.msg}.") from error
    if not isinstance(item, dict):
        raise CatalogError(f"{where}: not a JSON object.")
    for key in ("input", "category"):
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise CatalogError(f"{where}: “{key}” must be a text.")
    scores = item.get("target_scores")
    if not isinstance(scores, dict) or not all(isinstance(each, dict) for each in scores.values()):
        raise CatalogError(
            f"{where}: “target_scores” must be an object of objects: field to its accepted values."
        )
    stated = {name: frozenset(accepted) for name, accepted in scores.items()}
    values = {name: accepted for name, accepted in stated.items() if accepted - {NOTHING}}
    return Golden(item["input"], item["category"], values)


def fields_by_category(found: Iterable[Golden]) -> dict[str, FieldSet]:
    """The fields that some product of a category has, the commonest first."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        counts[one.category].update(one.values.keys())
    return {
        category: tuple(Field(name=name) for name, _ in of_it.most_common())
        for category, of_it in counts.items()
    }


def training_file(folder: Path) -> Path:
    """The file that the fields are learnt from.

    Raises:
        CatalogError: There is none.
    """
    for name in TRAINING:
        if (path := folder / f"{name}.jsonl").exists():
            return path
    raise CatalogError(
        f"{folder} has neither train_small.jsonl nor train.jsonl, which tell the fields."
    )


def golden_plan(found: Iterable[Golden]) -> Plan:
    """What is to be extracted: for each category the fields that its products have."""
    return Plan((), KIND, fields_by_category(found))


def golden_row(one: Golden) -> dict[str, str]:
    """The product as a row of a catalog."""
    return {TEXT: one.text, KIND: one.category}


def as_demonstrations(found: Sequence[Golden], plan: Plan) -> list[Demonstration]:
    """Products as demonstrations; a field that one does not have is judged to have no value."""
    shown = []
    for number, one in enumerate(found):
        answer: dict[str, Any] = {field.name: None for field in plan.of_type(one.category)}
        answer |= {name: min(accepted) for name, accepted in one.values.items() if name in answer}
        shown.append(Demonstration(f"{number:06}", one.category, one.text, answer))
    return shown


def sample(found: Sequence[Golden], most: int | None, seed: int = 0) -> list[Golden]:
    """At most so many products, of every category in turn; the same ones each time."""
    if most is None or most >= len(found):
        return list(found)
    shuffled = list(found)
    random.Random(seed).shuffle(shuffled)
    turns: Counter[str] = Counter()
    ranked = []
    for place, one in enumerate(shuffled):
        ranked.append((turns[one.category], place, one))
        turns[one.category] += 1
    ranked.sort(key=lambda each: each[:2])
    return [one for _, _, one in ranked[:most]]
