"""An endpoint as a card: is it well, who uses it, how fast is it, what does it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st

from core.endpoint_state import State
from core.errors import ShopkeeperError
from core.pool import Pool
from core.statuses import Lane, Mode
from core.usage import FirstToken, Use, percentile
from pages.parts import words
from pages.parts.escape import html, plain
from pages.parts.lanes import COLORS, NAMES
from pages.parts.telling import tell
from pages.parts.words import Color

#: More slots than this are drawn as shares of the bar, not one by one.
MOST_CELLS = 48
#: Tokens a second are taken over the last so many seconds.
SPEED_S = 120
_LOCAL = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True)
class Figures:
    """What calls to one endpoint took.

    Attributes:
        lately: Use in the last :data:`SPEED_S` or a little more, beginning at ``since``.
        since: That beginning, seconds since the epoch.
        today: Use since midnight.
        firsts: Times to the first token in the last hour.
    """

    lately: Sequence[Use]
    since: float
    today: Sequence[Use]
    firsts: Sequence[FirstToken]


def card(pool: Pool, state: State, figures: Figures, now: float) -> None:
    """Draw one endpoint."""
    endpoint = state.endpoint
    with st.container(border=True, key=f"endpoint-{endpoint.name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(endpoint.name)}**")
            word, color, icon = health(state)
            st.badge(word, icon=icon, color=color)
            st.caption(plain(f"{endpoint.model} {_where(endpoint.base_url)}"))
        if why := trouble(state):
            st.caption(plain(why))
        if endpoint.offers_batches:
            share = words.price_share(endpoint.batch_price)
            st.caption(f"Jobs can be sent to its provider: within 24 hours, at {share}.")
        st.html(slots_html(state) + figures_html(state, figures, now))
        _actions(pool, state)


def _where(base_url: str) -> str:
    # Without a name and a password that may stand before it.
    server = urlsplit(base_url).netloc.rpartition("@")[2]
    return "on this machine" if base_url.startswith(_LOCAL) else f"at {server}"


def health(state: State) -> tuple[str, Color, str]:
    """A word, a colour and an icon for how it is."""
    condition = state.condition
    if condition.mode is Mode.PAUSED:
        return "Paused", "gray", ":material/pause_circle:"
    if condition.mode is Mode.DRAINING:
        busy = state.chat + state.batch
        return ("Draining" if busy else "Drained"), "gray", ":material/output:"
    if state.rest_s:
        return "Resting", "orange", ":material/hourglass_top:"
    if condition.is_probed:
        return "Being tried again", "orange", ":material/network_check:"
    return "Well", "green", ":material/check_circle:"


def trouble(state: State) -> str:
    """Why it is not well, and what happens next; empty when there is nothing to say."""
    condition = state.condition
    if condition.mode is Mode.PAUSED:
        return "Somebody paused it: it takes no new calls until it is opened again."
    if condition.mode is Mode.DRAINING:
        return "It ends what it has begun and takes no new calls until it is opened again."
    if state.rest_s:
        return f"Left alone since {condition.reason}; tried again in {words.about(state.rest_s)}."
    if condition.is_probed:
        return f"One call at a time goes there, since {condition.reason}."
    if condition.batch_limit is not None and Lane.BATCH in state.endpoint.lanes:
        cause = f" ({condition.reason})" if condition.reason else ""
        return f"Background jobs are held back for the moment and grow again by themselves{cause}."
    return ""


def slots_html(state: State) -> str:
    """The slots as a bar, then the same in words."""
    slots = state.endpoint.slots
    free = max(0, slots - state.chat - state.batch)
    parts = (("sk-chat", state.chat), ("sk-batch", state.batch), ("", free))
    if slots <= MOST_CELLS:
        cells = "".join(f'<i class="{name}"></i>' * count for name, count in parts)
    else:
        cells = "".join(f'<i class="{name}" style="flex-grow:{n}"></i>' for name, n in parts if n)
    said = " · ".join(_said(state, free))
    label = html(f"{said}, of {words.several(slots, 'place')}")
    return f'<div class="sk-slots" role="img" aria-label="{label}">{cells}</div>' + _legend(
        state, free
    )


def _said(state: State, free: int) -> Iterator[str]:
    yield f"{NAMES[Lane.CHAT]} {state.chat}"
    yield f"{NAMES[Lane.BATCH]} {state.batch}"
    yield f"free {free}"


def _legend(state: State, free: int) -> str:
    counts = {Lane.CHAT: state.chat, Lane.BATCH: state.batch}
    items = [
        f'<span><i style="background:{COLORS[lane]}"></i>{NAMES[lane]} <b>{count}</b></span>'
        for lane, count in counts.items()
    ]
    items.append(f"<span>free <b>{free}</b> of {state.endpoint.slots}</span>")
    if state.waiting:
        several = words.several(state.waiting, "question")
        items.append(f"<span><b>{several}</b> waiting</span>")
    return f'<div class="sk-lanes">{"".join(items)}</div>'


def figures_html(state: State, figures: Figures, now: float) -> str:
    """Speed, waits and money in one line of plain numbers."""
    calls = sum(use.calls for use in figures.today)
    failed = sum(use.failed for use in figures.today)
    answered = f"{calls:,}" + (f" ({failed:,} failed)" if failed else "")
    facts = [
        ("First word in chat, usually", _wait(figures, Lane.CHAT, 0.5)),
        ("slow (1 in 20)", _wait(figures, Lane.CHAT, 0.95)),
        ("First word in jobs, usually", _wait(figures, Lane.BATCH, 0.5)),
        ("slow (1 in 20)", _wait(figures, Lane.BATCH, 0.95)),
        ("Speed just now", _speed(figures, now)),
        ("Calls today", answered),
        ("Cost today", cost(state, sum(use.cost for use in figures.today))),
    ]
    lines = "".join(f"<div><dt>{name}</dt><dd>{html(value)}</dd></div>" for name, value in facts)
    return f'<dl class="sk-figures">{lines}</dl>'


def _wait(figures: Figures, lane: Lane, share: float) -> str:
    times = [first.ttft_ms for first in figures.firsts if first.lane is lane]
    found = percentile(times, share)
    return "–" if found is None else words.waited(found)


def _speed(figures: Figures, now: float) -> str:
    tokens = sum(use.tokens.prompt + use.tokens.completion for use in figures.lately)
    if not tokens:
        return "–"
    return f"{tokens / max(1.0, now - figures.since):,.0f} tokens/s"


def cost(state: State, amount: float) -> str:
    """Money, or why there is none."""
    endpoint = state.endpoint
    if not endpoint.has_price:
        return "none, your own machine" if endpoint.pins_slots else "no price set"
    return words.money(amount, endpoint.currency)


def _actions(pool: Pool, state: State) -> None:
    name, mode = state.endpoint.name, state.condition.mode
    wanted: list[tuple[str, str, str, Mode]] = []
    if mode is Mode.OPEN:
        drain = "Takes no new calls; those under way end as they began."
        pause = "Takes no new calls, and background calls are taken back at once; no row is lost."
        wanted.append(("Drain", ":material/output:", drain, Mode.DRAINING))
        wanted.append(("Pause", ":material/pause:", pause, Mode.PAUSED))
    else:
        wanted.append(("Open again", ":material/play_arrow:", "Takes calls again.", Mode.OPEN))
    with st.container(horizontal=True, gap="small"):
        for label, icon, help_text, new in wanted:
            st.button(
                label,
                icon=icon,
                key=f"{new}-{name}",
                help=help_text,
                on_click=_set_mode,
                args=(pool, name, new),
            )


def _set_mode(pool: Pool, name: str, mode: Mode) -> None:
    try:
        pool.set_mode(name, mode)
    except ShopkeeperError as error:
        tell(error.message, problem=True)
