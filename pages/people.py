"""Who may come in, and what each of them may do."""

from __future__ import annotations

import streamlit as st

from core import people
from core.sign_in_settings import SignIn
from pages.parts import invite_somebody, person_card
from pages.parts.entry import Shop, enter


def main() -> None:
    """Draw the page."""
    shop = enter("pages/people.py")
    st.title("People", anchor=False)
    st.caption("Who may come in, and what each of them may do.")
    if shop.settings.sign_in is SignIn.OFF:
        _off()
        return
    if shop.settings.sign_in is SignIn.PASSWORD:
        invite_somebody.draw(shop)
    _everybody(shop)


def _off() -> None:
    st.info(
        "Nobody has to sign in: whoever can open this address may do everything. That is meant "
        "for one person at their own machine. Set `SHOPKEEPER_SIGN_IN` to `password` or `oidc` "
        "and start again; the start then prints a link for the first administrator.",
        icon=":material/lock_open:",
    )


def _everybody(shop: Shop) -> None:
    found = people.listing(shop.db)
    st.subheader("Everybody", anchor=False)
    if shop.settings.sign_in is SignIn.OIDC:
        st.caption(
            "They sign in at your provider, which says what they are: roles are changed there, or "
            "by `SHOPKEEPER_OIDC_ADMINISTRATORS` and `SHOPKEEPER_OIDC_MERCHANDISERS`, and hold "
            "from the next sign-in on."
        )
    shown = [one for one in found if one.elsewhere == (shop.settings.sign_in is SignIn.OIDC)]
    for one in shown:
        person_card.draw(shop, one)
    if len(shown) == 1:
        st.caption("Nobody else yet.")


main()
