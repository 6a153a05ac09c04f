"""An address that notices go to: which ones, whether they arrive, what can be done."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import streamlit as st

from core import notice_channels, notice_post, notice_sendings
from core.errors import ShopkeeperError
from core.notice_channels import Channel, ChannelKind
from core.notice_sendings import Standing
from core.notices import NoticeKind
from pages.parts import question, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.notice_words import LOOKS
from pages.parts.telling import tell

_ICONS = {ChannelKind.EMAIL: ":material/mail:", ChannelKind.WEBHOOK: ":material/webhook:"}
_TESTED = "channel_tested"
_SECRET = "channel_secret"


def show_secret(channel_id: str, secret: str) -> None:
    """Have a new secret shown when the page is drawn next, and never again."""
    st.session_state[_SECRET] = (channel_id, secret)


def card(shop: Shop, channel: Channel, standing: Standing) -> None:
    """Draw one address."""
    with st.container(border=True, key=f"channel-{channel.id}", gap="small"):
        _head(channel, standing)
        _state(standing)
        _secret(channel)
        _kinds(shop, channel)
        _actions(shop, channel, standing)
        _test_result(channel)


def _head(channel: Channel, standing: Standing) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{_ICONS[channel.kind]} **{plain(channel.target)}**")
        if not channel.enabled:
            st.badge("Paused", icon=":material/pause_circle:", color="orange")
        elif standing.problem:
            st.badge("Trouble", icon=":material/error:", color="red")
        elif standing.sent_at:
            st.badge("Arrives", icon=":material/check_circle:", color="green")
        else:
            st.badge("Nothing sent yet", icon=":material/schedule:", color="gray")


def _state(standing: Standing) -> None:
    now, where = time.time(), words.zone(st.context.timezone)
    if standing.problem:
        st.error(plain(standing.problem), icon=":material/error:")
    said = []
    if standing.waiting:
        said.append(f"{words.several(standing.waiting, 'notice')} on the way")
        if standing.problem and standing.next_at:
            said.append(f"next try {words.moment(max(standing.next_at, now), now, where)}")
    if standing.given_up:
        said.append(f"{words.several(standing.given_up, 'notice')} given up after a day")
    if standing.sent_at:
        said.append(f"last arrived {words.moment(standing.sent_at, now, where)}")
    if said:
        st.caption(" · ".join(said))


def _kinds(shop: Shop, channel: Channel) -> None:
    key = f"kinds-{channel.id}"
    st.pills(
        "When",
        list(NoticeKind),
        selection_mode="multi",
        default=[kind for kind in NoticeKind if kind in channel.kinds],
        format_func=lambda one: LOOKS[one].choice,
        key=key,
        on_change=lambda: _choose(shop, channel, key),
    )


def _choose(shop: Shop, channel: Channel, key: str) -> None:
    kinds = st.session_state[key]
    if not kinds:
        st.session_state[key] = [kind for kind in NoticeKind if kind in channel.kinds]
    _do(lambda: notice_channels.choose(shop.db, channel.id, kinds))


def _actions(shop: Shop, channel: Channel, standing: Standing) -> None:
    with st.container(horizontal=True, gap="small"):
        if _button(channel, "Send a test", ":material/send:"):
            _test(shop, channel)
        if standing.problem or standing.given_up:
            again = lambda: notice_sendings.try_again(shop.db, channel.id)  # noqa: E731
            _button(channel, "Try again now", ":material/replay:", again)
        if standing.given_up:
            drop = lambda: notice_sendings.drop(shop.db, channel.id)  # noqa: E731
            _button(channel, "Leave them", ":material/clear_all:", drop)
        turned = not channel.enabled
        label, icon = (
            ("Go on", ":material/play_arrow:") if turned else ("Pause", ":material/pause:")
        )
        _button(channel, label, icon, lambda: notice_channels.enable(shop.db, channel.id, turned))
        if channel.kind is ChannelKind.WEBHOOK and _button(channel, "New secret", ":material/key:"):
            _confirm_renewal(shop, channel)
        if _button(channel, "Remove", ":material/delete:"):
            _confirm_removal(shop, channel)


def _button(
    channel: Channel, label: str, icon: str, act: Callable[[], object] | None = None
) -> bool:
    key = f"{label.lower().replace(' ', '-')}-{channel.id}"
    click = (lambda: _do(act)) if act else None
    return st.button(label, key=key, icon=icon, on_click=click)


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except ShopkeeperError as error:
        tell(error.message, problem=True)


def _test(shop: Shop, channel: Channel) -> None:
    """Send a test while the person waits, and keep what came of it for the next drawing."""
    key = f"test-{secrets.token_hex(8)}-{channel.id}"
    with st.spinner("Sending a test…", show_time=True):
        try:
            notice_post.send_test(shop.settings, channel, key)
            result = (channel.id, "", time.time())
        except ShopkeeperError as error:
            result = (channel.id, error.message, time.time())
    st.session_state[_TESTED] = result


def _test_result(channel: Channel) -> None:
    tested, problem, at = st.session_state.get(_TESTED, ("", "", 0.0))
    if tested != channel.id:
        return
    when = words.moment(at, time.time(), words.zone(st.context.timezone))
    if problem:
        st.error(f"The test of {when} failed. {plain(problem)}", icon=":material/error:")
    elif channel.kind is ChannelKind.EMAIL:
        st.success(
            f"The mail server has taken the test of {when}. It should be in the mailbox in a "
            "moment; if not, look among the spam.",
            icon=":material/check_circle:",
        )
    else:
        st.success(f"The webhook has taken the test of {when}.", icon=":material/check_circle:")


def _secret(channel: Channel) -> None:
    owner, secret = st.session_state.get(_SECRET, ("", ""))
    if owner == channel.id:
        del st.session_state[_SECRET]
        st.info(
            "Enter this secret where the posts arrive: they are signed with it, so nobody else's "
            "are taken for them. It is shown only now.",
            icon=":material/key:",
        )
        st.code(secret, language=None)


@st.dialog("Sign with a new secret?")
def _confirm_renewal(shop: Shop, channel: Channel) -> None:
    st.markdown(
        f"What {plain(channel.target)} gets is signed with the new secret at once. Until it is "
        "entered there, everything will be refused, and tried again."
    )
    question.answers(
        "channel",
        "Make a new secret",
        _do,
        lambda: show_secret(channel.id, notice_channels.renew(shop.settings, shop.db, channel)),
    )


@st.dialog("Send nothing there any more?")
def _confirm_removal(shop: Shop, channel: Channel) -> None:
    st.markdown(f"{plain(channel.target)} gets no notices from now on, nor what is on its way.")
    remove = lambda: notice_channels.remove(shop.db, channel.id)  # noqa: E731
    question.answers("channel", "Remove", _do, remove)
