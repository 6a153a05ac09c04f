"""What will go wrong with fields, or cost too much, told before a job starts.

Advice only: what cannot be extracted at all is refused by :mod:`batch.plan_file`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, combinations

from batch import lint_field
from batch.field_words import same_description, same_name
from batch.fields import Field, FieldSet
from batch.lint_field import CHARACTERS_A_TOKEN
from batch.plan import Plan
from batch.prompt import ROW_CHARACTERS, system_text

#: As long as the longest row text that is sent.
MUCH_TOKENS = ROW_CHARACTERS // CHARACTERS_A_TOKEN
#: What an answer may need, of each field.
ANSWER_TOKENS = 60
MANY_REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to change, and why.

    Attributes:
        message: For the merchandiser; it names the field.
        field: The field it is about; empty where it is about all of them.
        product_type: The product type whose fields it is about; empty: all others.
    """

    message: str
    field: str = ""
    product_type: str = ""


def lint(
    plan: Plan, *, context_tokens: int | None = None, types: Collection[str] | None = None
) -> list[Advice]:
    """Look for what is better changed before the start.

    Args:
        plan: What is to be extracted.
        context_tokens: What the smallest endpoint reads at once; None: not known.
        types: The product types that the catalog has; None: not known.
    """
    found = list(_of_set(plan.fields, context_tokens))
    told = {(one.field, one.message) for one in found}
    for name, fields in plan.sets.items():
        # What is wrong with a field that several types share is told once.
        new = [
            one for one in _of_set(fields, context_tokens) if (one.field, one.message) not in told
        ]
        told |= {(one.field, one.message) for one in new}
        found += [replace(one, product_type=name) for one in new]
    return found + list(_of_types(plan, types))


def field_tokens(fields: FieldSet) -> int:
    """About how many tokens the fields take in the prompt of every row."""
    return len(system_text(fields)) // CHARACTERS_A_TOKEN


@lru_cache(maxsize=256)
def _of_set(fields: FieldSet, context_tokens: int | None) -> tuple[Advice, ...]:
    """Looked for once: every field is compared with every other, and a page asks at each change."""
    own = (Advice(message, one.name) for one in fields for message in lint_field.advice(one))
    whole = (_doubles(fields), _required(fields), _length(fields, context_tokens))
    return (*own, *chain.from_iterable(whole))


def _doubles(fields: FieldSet) -> Iterator[Advice]:
    for one, other in combinations(fields, 2):
        if same_name(one.name, other.name):
            why = "seem to mean the same"
        elif same_description(one.description, other.description):
            why = "are described almost alike"
        else:
            continue
        yield Advice(
            f"“{one.name}” and “{other.name}” {why}. Keep one of them, or say in both "
            "descriptions what sets them apart.",
            other.name,
        )


def _required(fields: FieldSet) -> Iterator[Advice]:
    required = [field.name for field in fields if field.required and not lint_field.written(field)]
    if len(required) > MANY_REQUIRED:
        yield Advice(
            f"{len(required)} fields are required ({', '.join(required)}): a product that lacks "
            "any one of them counts as failed. Require only what you cannot do without."
        )


def _length(fields: FieldSet, context_tokens: int | None) -> Iterator[Advice]:
    tokens = field_tokens(fields)
    room = None if context_tokens is None else context_tokens - tokens
    if room is not None and room < ANSWER_TOKENS * len(fields) + MUCH_TOKENS // 4:
        yield Advice(
            f"The fields alone take about {tokens:,} of the {context_tokens:,} tokens that the "
            "smallest model reads at once: too little is left for product and answer. Take fields "
            "out, shorten descriptions and lists, or use a model that reads more."
        )
    elif tokens > MUCH_TOKENS:
        yield Advice(
            f"The fields take about {tokens:,} tokens in every row, more than the longest product "
            f"text ({MUCH_TOKENS:,}): most of the time goes into reading them. Shorten "
            "descriptions and lists, or split the fields over two jobs."
        )


def _of_types(plan: Plan, types: Collection[str] | None) -> Iterator[Advice]:
    if types is not None:
        there = {one.casefold() for one in types}
        for name in plan.sets:
            if name.casefold() not in there:
                yield Advice(
                    f"No product of this catalog has the type “{name}” in the column “{plan.by}”: "
                    "its fields are never used. Check how the type is written.",
                    product_type=name,
                )
    units: dict[str, Field] = {}
    for field in (field for fields in (plan.fields, *plan.sets.values()) for field in fields):
        first = units.setdefault(field.name, field)
        if first.unit != field.unit:
            yield Advice(
                f"“{field.name}” is in {first.unit or 'no unit'} for some products and in "
                f"{field.unit or 'no unit'} for others, and both go to one column. Use one unit, "
                "or two names.",
                field.name,
            )
