"""Links for people: made here, handed over by whoever made them."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import streamlit as st

from core import invitations
from core.people import Account
from core.roles import Role
from pages.parts.base_path import base_path
from pages.parts.entry import Shop
from pages.parts.escape import plain

_MADE = "made_link"
#: What each role may do, for whoever gives it.
MAY = {
    Role.SHOPPER: "asks the shop, with conversations of their own on every device",
    Role.MERCHANDISER: "works on catalogs, results, policies and deliveries",
    Role.ADMINISTRATOR: "does all of that, and says who may come in",
}


def draw(shop: Shop) -> None:
    """Draw the way to invite somebody, and the link if that was made last."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            role = st.selectbox(
                "Invite a",
                list(Role),
                list(Role).index(Role.MERCHANDISER),
                format_func=str,
                key="invited-role",
                width=220,
            )
            st.button(
                "Make a link",
                key="invite",
                type="primary",
                icon=":material/person_add:",
                on_click=_invite,
                args=(shop, role),
            )
        st.caption(f"A {role} {MAY[role or Role.SHOPPER]}.")
        made()


def new_password(shop: Shop, account: Account) -> None:
    """Make a link by which somebody sets a new password."""
    token = invitations.invite(shop.db, account.role, person_id=account.id, now=time.time())
    _keep(shop, token, f"By this link {account.name} sets a new password", account.id)


def _invite(shop: Shop, role: Role) -> None:
    token = invitations.invite(shop.db, role, now=time.time())
    _keep(shop, token, f"Whoever opens this link first becomes a {role}")


def _keep(shop: Shop, token: str, told: str, whose: str = "") -> None:
    here = urlsplit(st.context.url or "")
    seen = f"{here.scheme}://{here.netloc}{base_path()}" if here.netloc else None
    base = shop.settings.url or seen or shop.settings.address_for_people
    address = f"{base.rstrip('/')}/{invitations.path(token)}"
    st.session_state[_MADE] = (whose, told, address)


def made(whose: str = "") -> None:
    """Draw the link that was made last, where it was asked for.

    Args:
        whose: The person whom it is for; empty: somebody new.
    """
    for_whom, told, address = st.session_state.get(_MADE, (None, "", ""))
    if for_whom != whose:
        return
    st.markdown(
        f":material/link: {plain(told)}. It is good once, for a week; hand it over yourself."
    )
    st.code(address, language=None, wrap_lines=True)
    st.button(
        "Done", key="link-done", type="tertiary", on_click=lambda: st.session_state.pop(_MADE, None)
    )
