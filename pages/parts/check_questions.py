"""Check questions: kept, asked of the shop as it is, and seen to be right or wrong."""

from __future__ import annotations

import streamlit as st

from core import products
from core.errors import ShopkeeperError
from core.products import Product
from pages.parts import answering, trouble, words
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from pages.parts.telling import tell
from rag import checks, documents, gap_reports, golden
from rag.golden import CheckQuestion, Expected, Verdict

VIEW = "Check questions"
#: Set where the page is to show them.
WANTED = "check_questions_wanted"
_DRAFT = "check_question"
_VERDICTS = "check_verdicts"
#: Products to choose from.
OFFERED = 8
REFUSAL = "The shop has to say that it does not have it"


def begin(question: str) -> None:
    """Have the form drawn with this question."""
    _forget()
    st.session_state[_DRAFT] = question
    st.session_state[WANTED] = True


def draw(shop: Shop) -> None:
    """Draw the questions with what came of them, and the way to new ones."""
    found = golden.listing(shop.db)
    st.markdown(
        "Keep questions that must always be answered rightly. Before products are published, they "
        "are asked of the shop as it is and as it would be, and you see the difference."
    )
    with st.container(horizontal=True, gap="small"):
        if _DRAFT not in st.session_state:
            st.button(
                "New check question",
                key="new-check",
                icon=":material/add:",
                type="secondary" if found else "primary",
                on_click=lambda: st.session_state.update({_DRAFT: ""}),
            )
        asked = found and st.button("Ask them now", key="run-checks", icon=":material/play_arrow:")
    if asked:
        _run(shop, found)
    if _DRAFT in st.session_state:
        _form(shop)
    _summary(found)
    for one in found:
        _card(shop, one)


def _run(shop: Shop, found: list[CheckQuestion]) -> None:
    bar = st.progress(0.0, text="Asking…")

    def show(share: float) -> None:
        bar.progress(share, text=f"Asking {words.several(len(found), 'question')}…")

    try:
        verdicts = checks.run(shop.db, checks.rehearsed(answering.counter()), found, show)
    except ShopkeeperError as error:
        trouble.draw(error)
        return
    finally:
        bar.empty()
    st.session_state[_VERDICTS] = {one.question.id: one for one in verdicts}


def _summary(found: list[CheckQuestion]) -> None:
    verdicts = _verdicts()
    asked = [verdicts[one.id] for one in found if one.id in verdicts]
    if not asked:
        return
    wrong = sum(not one.passed for one in asked)
    if wrong:
        st.error(
            f"{wrong:,} of {words.several(len(asked), 'question')} answered wrongly.",
            icon=":material/error:",
        )
    else:
        st.success(
            f"{words.several(len(asked), 'question')} answered rightly.",
            icon=":material/check_circle:",
        )


def _verdicts() -> dict[str, Verdict]:
    kept: dict[str, Verdict] = st.session_state.get(_VERDICTS, {})
    return kept


def _card(shop: Shop, one: CheckQuestion) -> None:
    verdict = _verdicts().get(one.id)
    with st.container(border=True, key=f"check-{one.id}", gap="small"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.markdown(f"**{plain(one.question)}**", width="stretch")
            if verdict is not None and verdict.passed:
                st.badge("Right", icon=":material/check:", color="green")
            elif verdict is not None:
                st.badge("Wrong", icon=":material/close:", color="red")
        st.caption(plain(f"Has to show: {_expected(shop, one.expected)}"))
        if verdict is not None and not verdict.passed:
            st.markdown(plain(" ".join(verdict.why)))
            st.caption(plain(f"Shown: {', '.join(verdict.shown) or 'nothing'}"))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.toggle(
                "Asked before publishing",
                value=one.enabled,
                key=f"enabled-{one.id}",
                on_change=_switch,
                args=(shop, one),
            )
            st.button(
                "Delete",
                key=f"remove-{one.id}",
                type="tertiary",
                icon=":material/delete:",
                on_click=_remove,
                args=(shop, one),
            )


def _expected(shop: Shop, expected: Expected) -> str:
    if expected.refusal:
        return "that the shop does not have it"
    ids = [f"product:{key}" for key in expected.products]
    named = gap_reports.titles(shop.db, [*ids, *(f"policy:{one}#1" for one in expected.documents)])
    parts = [named.get(id, id.removeprefix("product:")) for id in ids]
    parts += [named.get(f"policy:{name}#1", name) for name in expected.documents]
    return ", ".join([*parts, *(f"“{text}”" for text in expected.words)])


def _switch(shop: Shop, one: CheckQuestion) -> None:
    try:
        golden.switch(shop.db, one.id, enabled=not one.enabled)
    except ShopkeeperError as error:
        tell(error.message, problem=True)


def _remove(shop: Shop, one: CheckQuestion) -> None:
    golden.remove(shop.db, one.id)
    tell("The check question is deleted.")


def _form(shop: Shop) -> None:
    with st.container(border=True, key="check-form"):
        question = st.text_input(
            "Question",
            st.session_state[_DRAFT],
            key="check-question",
            max_chars=golden.QUESTION_CHARS,
            placeholder="Which tents sleep four people?",
        )
        refusal = st.checkbox(REFUSAL, key="check-refusal")
        expected = Expected(refusal=True) if refusal else _chosen(shop, question)
        with st.container(horizontal=True, gap="small"):
            saved = st.button("Keep it", key="save-check", type="primary")
            left = st.button("Cancel", key="leave-check")
        if saved:
            try:
                golden.add(shop.db, question, expected)
            except ShopkeeperError as error:
                trouble.draw(error)
                return
            tell("The check question is kept.")
        if saved or left:
            _forget()
            st.rerun()


def _forget() -> None:
    st.session_state.pop(_DRAFT, None)
    for key in ("question", "refusal", "products", "search", "documents", "words"):
        st.session_state.pop(f"check-{key}", None)


def _chosen(shop: Shop, question: str) -> Expected:
    """What its answer has to show; what the shop finds for the question is offered first."""
    offered = _offered(shop, question)
    keys = st.multiselect(
        "Products that it has to show",
        list(offered),
        format_func=lambda key: _named(key, offered),
        key="check-products",
        help="Offered is what the shop finds. To find others, write their words below.",
    )
    texts = {one.name: one.title for one in documents.listing(shop.db)}
    names = st.multiselect(
        "Documents that it has to show",
        list(texts),
        format_func=lambda name: texts.get(name, name),
        key="check-documents",
    )
    said = st.text_input(
        "Words that it has to say",
        key="check-words",
        placeholder="60 days; free of charge",
        help="Separate several by a semicolon.",
    )
    spoken = tuple(part.strip() for part in said.split(";") if part.strip())
    return Expected(tuple(keys), tuple(names), spoken)


def _offered(shop: Shop, question: str) -> dict[str, Product | None]:
    search = st.text_input(
        "Find products", key="check-search", placeholder="Words of their titles, or their numbers"
    )
    found: dict[str, Product | None] = {}
    try:
        with st.spinner("Looking through the shop…"):
            for text in (search, question):
                if text.strip():
                    found |= _products(text)
    except ShopkeeperError as error:
        trouble.draw(error)
    found |= products.get(shop.db, [search.strip()])
    chosen = st.session_state.get("check-products", [])
    return found | {key: None for key in chosen if key not in found}


def _products(text: str) -> dict[str, Product | None]:
    ranked = answering.counter().retriever.rank(text, OFFERED).passages
    return {one.product.id: one.product for one in ranked if one.product is not None}


def _named(key: str, offered: dict[str, Product | None]) -> str:
    item = offered.get(key)
    return one_line(item.title, 80) if item else key
