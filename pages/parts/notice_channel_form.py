"""A new address that notices go to."""

from __future__ import annotations

import streamlit as st

from core import mail, notice_channels
from core.errors import ShopkeeperError
from core.notice_channels import ChannelKind
from core.notices import NoticeKind
from pages.parts.entry import Shop
from pages.parts.notice_channel_card import show_secret
from pages.parts.notice_words import LOOKS
from pages.parts.telling import tell
from pages.parts.trouble import draw as draw_error

_KINDS = {ChannelKind.EMAIL: "E-mail", ChannelKind.WEBHOOK: "Webhook"}
_TARGETS = {
    ChannelKind.EMAIL: ("E-mail address", "name@example.com"),
    ChannelKind.WEBHOOK: ("Address of the webhook", "https://example.com/hook"),
}
_NO_SERVER = (
    "No mail server is set up yet. Whoever looks after this machine names it in `.env` "
    "(`SHOPKEEPER_SMTP_HOST` and those after it; `.env.example` explains them) and starts "
    "Shopkeeper again."
)


def draw(shop: Shop, number: int) -> None:
    """Draw the form.

    Args:
        shop: What the page was handed.
        number: How many addresses there are; with each of them the form is empty again.
    """
    with st.container(border=True, gap="small"):
        st.markdown("**Add an address**")
        how = st.segmented_control(
            "How",
            list(_KINDS),
            default=ChannelKind.EMAIL,
            format_func=_KINDS.__getitem__,
            key="channel-kind",
            label_visibility="collapsed",
            required=True,
        )
        kind = how or ChannelKind.EMAIL
        if kind is ChannelKind.EMAIL and not mail.is_set_up(shop.settings):
            st.info(_NO_SERVER, icon=":material/info:")
            return
        _fields(shop, kind, number)


def _fields(shop: Shop, kind: ChannelKind, number: int) -> None:
    label, example = _TARGETS[kind]
    with st.form(f"channel-{kind}", border=False):
        target = st.text_input(label, placeholder=example, key=f"channel-target-{kind}-{number}")
        kinds = st.pills(
            "When",
            list(NoticeKind),
            selection_mode="multi",
            default=list(NoticeKind),
            format_func=lambda one: LOOKS[one].choice,
            key=f"channel-kinds-{kind}-{number}",
        )
        if st.form_submit_button("Add", icon=":material/add:", type="primary"):
            _add(shop, kind, target, kinds)


def _add(shop: Shop, kind: ChannelKind, target: str, kinds: list[NoticeKind]) -> None:
    try:
        made = notice_channels.add(shop.settings, shop.db, kind, target, kinds)
        if kind is ChannelKind.WEBHOOK:
            show_secret(made.id, notice_channels.hook(shop.settings, made).secret)
    except ShopkeeperError as error:
        draw_error(error)
        return
    tell(f"Notices go to {made.target} from now on. Send a test to see whether they arrive.")
    st.rerun()
