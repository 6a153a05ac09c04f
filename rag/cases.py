"""Questions whose right answers are known: ``cases.jsonl``, one JSON object a line.

What a case may say is told by :class:`Case`; sample/README.md tells it to people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import CatalogError

CASES = "cases.jsonl"
Half = Literal["tune", "held out"]


class Case(BaseModel):
    """One question and what is right.

    Attributes:
        id: Its name in reports.
        kind: What is asked: find, filter, count, exact, compare, policy, …
        half: Whether thresholds may be tuned on it.
        question: In a shopper's words.
        before: Questions of the same conversation, asked first.
        must: Products that have to be shown, by id.
        any: Products of which one has to be shown.
        first: The product that has to be shown before all others.
        only: The only products that may be shown.
        never: Products that must not be shown.
        facts: What has to be told; each in one of several wordings.
        documents: Policies that have to be shown, by name.
        refuse: The shop has nothing of the kind and has to say so.
        may_refuse: To say that there is nothing is right, too.
        language: ISO 639-1 code of the question's language.
        where: How the products were chosen: field, comparison, value.
        gives: What of those products is asked for.
        count: How many products fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: str
    half: Half = "tune"
    question: str
    before: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    first: str | None = None
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    documents: tuple[str, ...] = ()
    refuse: bool = False
    may_refuse: bool = False
    language: str = "en"
    where: tuple[tuple[str, str, Any], ...] | None = None
    gives: str | None = None
    count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _expects_something(self) -> Case:
        expected = (self.must, self.any, self.facts, self.documents, self.refuse)
        if not any(expected):
            raise ValueError(
                "says nothing about what is right: must, any, facts, documents or refuse"
            )
        return self


def read_cases(path: Path) -> tuple[Case, ...]:
    """Read the cases of a file.

    Raises:
        CatalogError: The file is missing or malformed; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {error}.") from error
    cases = [_case(path, at, line) for at, line in enumerate(lines, start=1) if line.strip()]
    ids = [case.id for case in cases]
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise CatalogError(f"{path.name} has two cases with the id {twice}.")
    if not cases:
        raise CatalogError(f"{path.name} is empty.")
    return tuple(cases)


def _case(path: Path, number: int, line: str) -> Case:
    try:
        return Case.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"])
        what = f"{where}: {problem['msg']}" if where else problem["msg"]
        raise CatalogError(f"{path.name}, line {number}: {what}.", row=number) from error
