"""What the shop could not answer: most asked first, with the next step for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.db import Database
from core.errors import ShopkeeperError
from core.statuses import GapKind, GapStatus
from pages.parts import answering, check_questions, field_wanted, policy_entry, trouble, words
from pages.parts.entry import Shop
from pages.parts.escape import one_line, plain
from rag import gap_reports, gaps
from rag.checks import rehearsed
from rag.gaps import Gap

KINDS = {
    GapKind.NOT_SOLD: "Not in the shop",
    GapKind.NO_FACT: "Not known of a product",
    GapKind.NO_POLICY: "No policy says it",
    GapKind.WITHDRAWN: "Answer did not fit the facts",
    GapKind.DISLIKED: "Answer was not liked",
}
STATES = {"Open": GapStatus.OPEN, "Closed": GapStatus.CLOSED, "Dismissed": GapStatus.DISMISSED}
_ICONS = {
    GapKind.NOT_SOLD: ":material/inventory_2:",
    GapKind.NO_FACT: ":material/help:",
    GapKind.NO_POLICY: ":material/policy:",
    GapKind.WITHDRAWN: ":material/rule:",
    GapKind.DISLIKED: ":material/thumb_down:",
}
_ALL = "All kinds"
PAGE = 20
WANTED = 5
_SHOWN = "gaps_shown"
_TRIED = "gaps_tried"


def draw(shop: Shop) -> None:
    """Draw what is missing most, and the questions."""
    state = _state()
    counts = gaps.counts(shop.db, status=state)
    if not counts and state is GapStatus.OPEN:
        _empty()
        return
    if state is GapStatus.OPEN:
        _wanted(shop)
    kind = _kind(counts)
    found = gaps.listing(shop.db, kind=kind, status=state)
    if not found:
        st.info("No question is like that.", icon=":material/search_off:")
        return
    _export(shop, found)
    shown = int(st.session_state.setdefault(_SHOWN, PAGE))
    named = gap_reports.titles(shop.db, [id for gap in found[:shown] for id in gap.nearest])
    for gap in found[:shown]:
        _card(shop, gap, named)
    if len(found) > shown:
        st.button("Show more", key="more-gaps", on_click=_more)


def _more() -> None:
    st.session_state[_SHOWN] += PAGE


def _state() -> GapStatus:
    chosen = st.segmented_control(
        "State",
        list(STATES),
        default="Open",
        required=True,
        key="gaps-state",
        label_visibility="collapsed",
    )
    return STATES[chosen or "Open"]


def _kind(counts: Mapping[GapKind, int]) -> GapKind | None:
    labels = {f"{KINDS[kind]} ({number:,})": kind for kind, number in counts.items()}
    if len(labels) < 2:
        return None
    chosen = st.selectbox("What was missing", [_ALL, *labels], key="gaps-kind", width=320)
    return labels.get(chosen)


def _export(shop: Shop, found: Sequence[Gap]) -> None:
    st.download_button(
        f"{words.several(len(found), 'question')} as CSV",
        lambda: gap_reports.as_csv(shop.db, found),
        "unanswered.csv",
        "text/csv",
        key="gaps-csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _wanted(shop: Shop) -> None:
    """Facts that several questions asked for: worth more than one answer each."""
    found = [one for one in gaps.summarised(shop.db) if one.kind is GapKind.NO_FACT][:WANTED]
    if not found:
        return
    with st.container(border=True, gap="small", key="gaps-wanted"):
        st.markdown("**Details that shoppers ask for and your products do not have**")
        for one in found:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(
                    f"{plain(one.missing.replace('_', ' '))} · asked "
                    f"{words.several(one.times, 'time')}",
                    width="stretch",
                )
                if st.button(
                    "Find it for your products",
                    key=f"want-{one.missing}",
                    icon=":material/auto_awesome:",
                ):
                    field_wanted.find(shop, one.missing)


def _card(shop: Shop, gap: Gap, named: Mapping[str, str]) -> None:
    now, where = time.time(), words.zone(st.context.timezone)
    with st.container(border=True, key=f"gap-{gap.id}", gap="small"):
        st.markdown(f"**{plain(one_line(gap.question, 300))}**")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(KINDS[gap.kind], icon=_ICONS[gap.kind], color="gray")
            st.caption(
                f"asked {words.several(gap.times, 'time')}, last "
                f"{words.moment(gap.last_at, now, where)}"
            )
        for line in _lines(gap, named):
            st.caption(plain(line))
        _tried(gap)
        _acts(shop, gap)


def _lines(gap: Gap, named: Mapping[str, str]) -> list[str]:
    lines = []
    if gap.missing and gap.kind is not GapKind.NOT_SOLD:
        label = "Why" if gap.kind is GapKind.DISLIKED else "Missing"
        lines.append(f"{label}: {gap.missing.replace('_', ' ')}")
    near = list(dict.fromkeys(named[id] for id in gap.nearest if id in named))
    if near:
        lines.append(f"Nearest: {', '.join(near)}")
    return lines


def _tried(gap: Gap) -> None:
    tried = st.session_state.get(_TRIED, {}).get(gap.id)
    if tried is None:
        return
    if tried:
        st.success(
            f"The shop can answer it now, from: {plain(', '.join(tried))}",
            icon=":material/check_circle:",
        )
    else:
        st.warning("The shop still cannot answer it.", icon=":material/warning:")


def _acts(shop: Shop, gap: Gap) -> None:
    with st.container(horizontal=True, gap="small"):
        _next_step(shop, gap)
        if gap.status is not GapStatus.OPEN:
            _move(shop, "Open again", gap, gaps.reopen)
            return
        asked = st.button(
            "Ask again",
            key=f"ask-{gap.id}",
            icon=":material/replay:",
            help="Sees whether the shop can answer it now. Nobody else notices.",
        )
        st.button(
            "Keep as a check",
            key=f"check-{gap.id}",
            type="tertiary",
            on_click=check_questions.begin,
            args=(gap.question,),
            help="It is then asked before every publication. You say what its answer has to show.",
        )
        _move(shop, "Close", gap, gaps.close)
        _move(shop, "Dismiss", gap, gaps.dismiss)
    if asked:
        _ask(shop, gap)


def _move(shop: Shop, label: str, gap: Gap, act: Callable[[Database, list[str]], int]) -> None:
    if st.button(label, key=f"{act.__name__}-{gap.id}", type="tertiary"):
        act(shop.db, [gap.id])
        st.rerun()


def _next_step(shop: Shop, gap: Gap) -> None:
    if gap.kind is GapKind.NO_FACT and gap.missing:
        if st.button("Find it for your products", key=f"find-{gap.id}", type="primary"):
            field_wanted.find(shop, gap.missing)
    elif gap.kind is GapKind.NO_POLICY and st.button(
        "Write or upload a policy", key=f"write-{gap.id}", type="primary"
    ):
        st.session_state[policy_entry.TO_WRITE] = one_line(gap.missing or gap.question, 100)
        st.switch_page("pages/policies.py")


def _ask(shop: Shop, gap: Gap) -> None:
    try:
        with st.spinner("Asking the shop…"):
            found = gap_reports.said_now(rehearsed(answering.counter())(gap.question))
    except ShopkeeperError as error:
        trouble.draw(error)
        return
    tried = dict(st.session_state.get(_TRIED, {}))
    st.session_state[_TRIED] = tried | {gap.id: found}
    st.rerun()


def _empty() -> None:
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.markdown("#### Nothing is unanswered", text_alignment="center")
        st.markdown(
            "When the chat has to say that the shop does not have something, or does not know it, "
            "the question is kept here: with what was missing, how often it was asked, and what "
            "to do about it.",
            text_alignment="center",
        )
        st.page_link("pages/chat.py", label="To the chat", icon=":material/chat:")
