"""What a publication would change: products, and how check questions are answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from core.errors import ShopkeeperError
from core.products import Product
from core.release_changes import Change, ChangeKind
from core.releases import Release
from pages.parts import answering, trouble, words
from pages.parts.entry import Shop
from pages.parts.escape import one_line
from rag import checks, golden
from rag.checks import Compared

_COUNTED = {
    ChangeKind.NEW: "New",
    ChangeKind.CHANGED: "Changed",
    ChangeKind.LEAVING: "Leave the shelves",
    ChangeKind.SAME: "Stay the same",
}
_CELL = 160
_PLAIN = ("title", "description", "price", "currency", "stock", "department", "url", "image")


def draw(shop: Shop, release: Release) -> None:
    """Draw it; the check questions are asked when it is drawn for the first time."""
    _counts(release)
    _examples(release)
    if golden.count(shop.db):
        _checks(shop, release)


def _counts(release: Release) -> None:
    counts = release.counts or {}
    with st.container(horizontal=True, gap="medium"):
        for kind, label in _COUNTED.items():
            if kind != ChangeKind.LEAVING or counts.get(kind):
                st.metric(label, f"{counts.get(kind, 0):,}", width="content")


def _examples(release: Release) -> None:
    found = release.examples
    if not found:
        st.caption("Shoppers would see no difference.")
        return
    counts = release.counts or {}
    whole = sum(number for kind, number in counts.items() if kind != ChangeKind.SAME)
    with st.expander(f"What changes ({len(found):,} of {words.several(whole, 'product')})"):
        st.dataframe(
            pd.DataFrame([_row(one) for one in found]),
            hide_index=True,
            column_config={"What": st.column_config.TextColumn(width="large")},
        )


def _row(change: Change) -> dict[str, str]:
    item = change.after or change.before
    return {
        "Product": one_line(item.title if item else change.product_id, 80),
        "Change": _COUNTED[change.kind],
        "What": " · ".join(differences(change)),
    }


def differences(change: Change) -> list[str]:
    """What is different about a product, ``colour: blue → navy``; of a new one, what it has."""
    if change.before is None and change.after is not None:
        return [f"{name.replace('_', ' ')}: {text}" for name, text in _facts(change.after)]
    if change.before is None or change.after is None:
        return []
    before, after = dict(_facts(change.before)), dict(_facts(change.after))
    return [
        f"{name.replace('_', ' ')}: {before.get(name, '–')} → {after.get(name, '–')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _facts(item: Product) -> Iterator[tuple[str, str]]:
    for name in _PLAIN:
        value = getattr(item, name)
        if value not in (None, ""):
            text = f"{value:g}" if name == "price" else str(value)
            yield name, one_line(text, _CELL)
    for name, found in item.values.items():
        unit = f" {found.unit}" if found.unit else ""
        yield name, one_line(f"{found.text()}{unit}", _CELL)


def _checks(shop: Shop, release: Release) -> None:
    found = checks.reported(release.report)
    if found is None:
        found = _ask(shop, release)
    if found is None:
        return
    _verdict(found)
    shown = sorted(found, key=lambda one: (not one.worse, one.passes_then, not one.moved))
    st.dataframe(pd.DataFrame([_check_row(one) for one in shown]), hide_index=True)


def _ask(shop: Shop, release: Release) -> list[Compared] | None:
    bar = st.progress(0.0, text="Asking the check questions…")

    def show(text: str, share: float) -> None:
        bar.progress(min(1.0, share), text=f"{text}…")

    try:
        found = checks.compare(shop.db, answering.counter(), release.id, show)
    except ShopkeeperError as error:
        trouble.draw(error)
        st.caption("The check questions could not be asked. You can publish all the same.")
        return None
    finally:
        bar.empty()
    return found


def _verdict(found: Sequence[Compared]) -> None:
    worse = sum(one.worse for one in found)
    wrong = sum(not one.passes_then for one in found)
    asked = words.several(len(found), "check question")
    if worse:
        st.error(
            f"**{words.several(worse, 'check question')}** answered rightly now would be answered "
            "wrongly. Look at the table before you publish.",
            icon=":material/error:",
        )
    elif wrong:
        st.warning(
            f"{wrong:,} of {asked} would be answered wrongly, as now.", icon=":material/warning:"
        )
    else:
        st.success(f"{asked} would be answered rightly.", icon=":material/check_circle:")


def _check_row(one: Compared) -> dict[str, str]:
    return {
        "After": _mark(one.passes_then),
        "Now": _mark(one.passed_now),
        "Check question": one_line(one.question, 120),
        "Why": " ".join(one.why),
        "Shown after": ", ".join(one.shown_then) or "nothing",
        "Shown now": "the same" if not one.moved else ", ".join(one.shown_now) or "nothing",
    }


def _mark(right: bool) -> str:
    return "✓ right" if right else "✕ wrong"
