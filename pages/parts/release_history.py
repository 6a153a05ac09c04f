"""What was published of a job, and the way back."""

from __future__ import annotations

import time

import streamlit as st

from batch import publish
from core import release_steps
from core.releases import Release
from core.statuses import ReleaseStatus
from pages.parts import question, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.release_acts import do, steps

_STATES = {
    ReleaseStatus.LIVE: "in the chat",
    ReleaseStatus.ROLLED_BACK: "taken back",
    ReleaseStatus.DISCARDED: "not published",
    ReleaseStatus.PREPARING: "not made ready",
    ReleaseStatus.READY: "waiting to be published",
    ReleaseStatus.SWITCHING: "going into the chat",
    ReleaseStatus.ROLLING_BACK: "being taken back",
}
_TO_RETURN = "release_to_return"
_CONFIRMED = "release_return_confirmed"
EARLIER = 10
_MOVING = (ReleaseStatus.SWITCHING, ReleaseStatus.ROLLING_BACK)


def draw_last(found: list[Release]) -> None:
    """What was published last, with the way back."""
    live = next((one for one in found if one.status == ReleaseStatus.LIVE), None)
    if live is None or live.switched_at is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f"Published {_when(live.switched_at)}: {words.several(live.products, 'product')}.",
            width="content",
        )
        if live.can_return:
            st.button(
                "Undo",
                key=f"undo-release-{live.id}",
                icon=":material/undo:",
                type="tertiary",
                on_click=_ask_return,
                args=(live,),
            )


def draw_earlier(found: list[Release]) -> None:
    """Everything that was published, where that happened more than once."""
    ended = [one for one in found if one.status not in (ReleaseStatus.READY, *_MOVING)]
    if len(ended) < 2:
        return
    with st.expander(f"Published before ({len(ended)})"):
        for one in ended[:EARLIER]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(plain(_history(one)), width="content")
                if one.can_return:
                    st.button(
                        "Take back…",
                        key=f"return-{one.id}",
                        type="tertiary",
                        on_click=_ask_return,
                        args=(one,),
                    )


def _history(one: Release) -> str:
    when = _when(one.switched_at or one.created_at)
    kept = int(one.report.get(release_steps.KEPT, 0))
    tail = f", {words.several(kept, 'product')} changed since stayed" if kept else ""
    return f"{when} · {words.several(one.products, 'product')} · {_STATES[one.status]}{tail}"


def _when(at: float) -> str:
    return words.moment(at, time.time(), words.zone(st.context.timezone))


def _ask_return(release: Release) -> None:
    st.session_state[_TO_RETURN] = release


def do_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for, or do what was confirmed in it."""
    asked = st.session_state.pop(_TO_RETURN, None)
    if asked is not None:
        _confirm_return(asked)
    confirmed = st.session_state.pop(_CONFIRMED, None)
    if confirmed is not None:
        # Here and not in the dialog: with many products it takes a while.
        show = steps("Taking the products back", confirmed.products)
        do(lambda: _came(publish.roll_back(shop.db, confirmed, show)))


@st.dialog("Take these products back?")
def _confirm_return(release: Release) -> None:
    when = _when(release.switched_at or release.created_at)
    st.markdown(
        f"The products of “{plain(release.title)}”, published {when}, become what they were "
        "before: new ones leave the shelves, changed ones get their earlier details. What "
        "somebody has changed since stays as it is."
    )
    confirmed = {_CONFIRMED: release}
    question.answers("release", "Take back", st.session_state.update, confirmed, leave="Leave it")


def _came(came: release_steps.Return) -> str:
    text = f"{words.several(came.returned, 'product')} as before."
    if came.kept:
        text += f" {words.several(came.kept, 'product')} changed since stayed as they are."
    return text
