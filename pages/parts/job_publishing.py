"""A job's way into the chat: published with one click, or after a look; and taken back."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from batch import publish
from batch.jobs import Job
from core import release_steps, releases
from core.errors import ShopkeeperError
from core.releases import OnStep, Release
from core.statuses import JobStatus, ReleaseStatus
from pages.parts import release_preview, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.telling import tell
from pages.parts.trouble import boxed
from rag import golden

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


def draw(shop: Shop, job: Job) -> None:
    """Draw the way from results into the chat."""
    found = releases.listing(shop.db, job.id)
    _do_what_was_asked(shop)
    moving = next((one for one in found if one.moving), None)
    waiting = next((one for one in found if one.status == ReleaseStatus.READY), None)
    if moving is not None:
        st.fragment(_moving, run_every="1s")(shop, moving)
    elif waiting is not None:
        _before(shop, job, waiting)
    else:
        _offer(shop, job)
        _last(found)
    _earlier(found)


def _offer(shop: Shop, job: Job) -> None:
    partly = "" if job.status is JobStatus.DONE else " so far"
    again = "Publish again" if job.published_at else "Publish to chat"
    checked = golden.count(shop.db)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pressed = st.button(
            f"{again} ({words.several(job.done, 'product')}{partly})",
            key=f"publish-{job.id}",
            type="secondary" if job.published_at else "primary",
            icon=":material/storefront:",
        )
        looking = st.button(
            "See what would change", key=f"look-{job.id}", icon=":material/preview:"
        )
    if checked:
        st.caption(
            f"{words.several(checked, 'check question')} will be asked first, and you see what "
            "would change before shoppers do."
        )
    else:
        st.caption("Shoppers then find these products, with their new details, in the chat.")
    if looking or (pressed and checked):
        _prepare(shop, job)
    elif pressed:
        _publish(shop, job)


def _publish(shop: Shop, job: Job) -> None:
    """Without ceremony: it can be undone."""
    show = _bar("Handing the products over", job.done)
    release = publish.prepare(shop.settings, shop.db, job.id)
    _do(lambda: _handed(publish.switch(shop.db, release, show)))


def _prepare(shop: Shop, job: Job, *, alone: bool = False) -> None:
    show = _bar("Making the products ready", job.done)
    release = publish.prepare(shop.settings, shop.db, job.id, alone=alone, on_step=show)
    with st.spinner("Comparing with what is in the chat…"):
        releases.look(shop.db, release.id)
    st.rerun()


def _bar(label: str, whole: int) -> OnStep:
    bar = st.progress(0.0, text=f"{label}…")

    def show(done: int) -> None:
        bar.progress(min(1.0, done / max(1, whole)), text=f"{label}: {done:,} of {whole:,}")

    return show


def _before(shop: Shop, job: Job, release: Release) -> None:
    """What would change, and the decision."""
    with st.container(border=True, key=f"before-{release.id}"):
        st.subheader("Before you publish", anchor=False)
        release_preview.draw(shop, release)
        _alone(shop, job, release)
        with st.container(horizontal=True, gap="small"):
            pressed = st.button(
                "Publish now",
                key=f"switch-{release.id}",
                type="primary",
                icon=":material/storefront:",
            )
            left = st.button("Leave it", key=f"discard-{release.id}")
        if pressed:
            show = _bar("Handing the products over", release.products)
            _do(lambda: _handed(publish.switch(shop.db, release, show)))
        if left:
            _do(lambda: _left(shop, release))


def _handed(live: Release) -> str:
    return f"{words.several(live.products, 'product')} handed to the shop."


def _left(shop: Shop, release: Release) -> str:
    releases.discard(shop.db, release.id)
    return "Nothing was published."


def _alone(shop: Shop, job: Job, release: Release) -> None:
    """Whether the shop is to sell these products only."""
    wanted = st.checkbox(
        "Take all other products off the shelves",
        value=release.alone,
        key=f"alone-{release.id}",
        help="The shop then sells just what is in this catalog. This can be undone, too.",
    )
    if wanted != release.alone:
        _prepare(shop, job, alone=wanted)


def _moving(shop: Shop, drawn: Release) -> None:
    """On its way; the indexer brings to its end what was interrupted."""
    with boxed():
        now = releases.get(shop.db, drawn.id)
        if not now.moving:
            st.rerun()
        back = now.status == ReleaseStatus.ROLLING_BACK
        st.info(
            "The products are being taken back." if back else "The products are being handed over.",
            icon=":material/autorenew:",
        )
        if st.button("Go on now", key=f"go-on-{drawn.id}"):
            release_steps.go_on(shop.db)
            st.rerun()


def _last(found: list[Release]) -> None:
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


def _earlier(found: list[Release]) -> None:
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


def _do_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for, or do what was confirmed in it."""
    asked = st.session_state.pop(_TO_RETURN, None)
    if asked is not None:
        _confirm_return(asked)
    confirmed = st.session_state.pop(_CONFIRMED, None)
    if confirmed is not None:
        # Here and not in the dialog: with many products it takes a while.
        show = _bar("Taking the products back", confirmed.products)
        _do(lambda: _came(publish.roll_back(shop.db, confirmed, show)))


@st.dialog("Take these products back?")
def _confirm_return(release: Release) -> None:
    when = _when(release.switched_at or release.created_at)
    st.markdown(
        f"The products of “{plain(release.title)}”, published {when}, become what they were "
        "before: new ones leave the shelves, changed ones get their earlier details. What "
        "somebody has changed since stays as it is."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        left = st.button("Leave it", key="leave-release")
        confirmed = st.button(
            "Take back",
            key="confirm-release",
            type="primary",
            on_click=lambda: st.session_state.update({_CONFIRMED: release}),
        )
    if left or confirmed:
        st.rerun()


def _came(came: release_steps.Return) -> str:
    text = f"{words.several(came.returned, 'product')} as before."
    if came.kept:
        text += f" {words.several(came.kept, 'product')} changed since stayed as they are."
    return text


def _do(act: Callable[[], str]) -> None:
    """Do something that says what it did."""
    try:
        tell(act())
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    st.rerun()
