"""A job's way into the chat: published with one click, or after a look."""

from __future__ import annotations

import streamlit as st

from batch import publish
from batch.jobs import Job
from core import release_steps, releases
from core.releases import Release
from core.statuses import JobStatus, ReleaseStatus
from pages.parts import release_preview, words
from pages.parts.entry import Shop
from pages.parts.release_acts import do, steps
from pages.parts.release_history import do_what_was_asked, draw_earlier, draw_last
from pages.parts.trouble import boxed
from rag import golden


def draw(shop: Shop, job: Job) -> None:
    """Draw the way from results into the chat."""
    found = releases.listing(shop.db, job.id)
    do_what_was_asked(shop)
    moving = next((one for one in found if one.moving), None)
    waiting = next((one for one in found if one.status == ReleaseStatus.READY), None)
    if moving is not None:
        st.fragment(_moving, run_every="1s")(shop, moving)
    elif waiting is not None:
        _before(shop, job, waiting)
    else:
        _offer(shop, job)
        draw_last(found)
    draw_earlier(found)


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
    show = steps("Handing the products over", job.done)
    release = publish.prepare(shop.settings, shop.db, job.id)
    do(lambda: _handed(publish.switch(shop.db, release, show)))


def _prepare(shop: Shop, job: Job, *, alone: bool = False) -> None:
    show = steps("Making the products ready", job.done)
    release = publish.prepare(shop.settings, shop.db, job.id, alone=alone, on_step=show)
    with st.spinner("Comparing with what is in the chat…"):
        releases.look(shop.db, release.id)
    st.rerun()


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
            show = steps("Handing the products over", release.products)
            do(lambda: _handed(publish.switch(shop.db, release, show)))
        if left:
            do(lambda: _left(shop, release))


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
