"""What has happened, and who else is told of it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import notice_channels, notice_sendings
from core.notice_sendings import Standing
from pages.parts import notice_channel_form, notice_list, words
from pages.parts.entry import Shop, enter
from pages.parts.notice_channel_card import card

STYLES = Path(__file__).parent / "parts" / "notices.css"


def main() -> None:
    """Draw the page."""
    shop = enter("pages/notices.py")
    st.html(STYLES)
    st.title("Notices", anchor=False)
    st.caption("What happened while nobody looked, and who is told of it.")
    here, elsewhere = st.tabs(
        [":material/notifications: What happened", ":material/send: E-mail and webhooks"]
    )
    with here:
        _warn(shop)
        notice_list.draw(shop)
    with elsewhere:
        _channels(shop)


def _warn(shop: Shop) -> None:
    """Say so where the list is read, when nobody else hears of it."""
    troubled = [one for one in notice_sendings.standings(shop.db).values() if one.problem]
    if troubled:
        addresses = words.several(len(troubled), "address", "addresses")
        st.warning(
            f"Notices to {addresses} do not arrive. See “E-mail and webhooks”.",
            icon=":material/warning:",
        )


def _channels(shop: Shop) -> None:
    found = notice_channels.listing(shop.db)
    standings = notice_sendings.standings(shop.db)
    if not found:
        st.markdown(
            "Nobody is told outside of this page yet. Add an address, and choose which notices "
            "it gets."
        )
    for channel in found:
        card(shop, channel, standings.get(channel.id, Standing()))
    notice_channel_form.draw(shop, len(found))


main()
