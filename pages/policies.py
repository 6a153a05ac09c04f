"""The policy documents: what the chat knows besides the products."""

from __future__ import annotations

import streamlit as st

from core.errors import NotFoundError
from pages.parts import policy_changes, policy_entry, policy_list, policy_view, trouble
from pages.parts.entry import Shop, enter
from pages.parts.policy_list import DOCUMENT, open_document


def main() -> None:
    """Draw the page."""
    shop = enter("pages/policies.py")
    st.title("Policies", anchor=False)
    policy_changes.do_what_was_asked(shop)
    wanted = st.query_params.get(DOCUMENT)
    if wanted:
        _one(shop, wanted)
    else:
        _all(shop)


def _one(shop: Shop, name: str) -> None:
    try:
        policy_view.draw(shop, name)
    except NotFoundError as error:
        trouble.draw(error)
        open_document(None)
        _all(shop)


def _all(shop: Shop) -> None:
    st.caption(
        "Returns, shipping, warranty, opening hours: what shoppers ask besides products. The chat "
        "answers from these documents and shows the passage it answers from."
    )
    policy_entry.draw(shop)
    policy_changes.tell_what_was_done(shop)
    policy_list.draw(shop)


main()
