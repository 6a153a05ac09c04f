"""One of the people who may come in: what they are, when they were here, what can be changed."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from core import people, sign_ins
from core.errors import ShopkeeperError
from core.people import Account, Person
from core.roles import Role
from pages.parts import invite_somebody, question, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.person import visitor_name
from pages.parts.telling import tell
from rag import conversations


def draw(shop: Shop, one: Account) -> None:
    """Draw the card."""
    with st.container(border=True, key=f"person-{one.id}", gap="xxsmall"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(gap="xxsmall", width="stretch"):
                st.markdown(f"**{plain(one.name)}**{_marks(shop, one)}")
                st.caption(plain(_facts(one)))
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                _role(shop, one)
                _more(shop, one)
        invite_somebody.made(one.id)


def _marks(shop: Shop, one: Account) -> str:
    you = " :gray-badge[You]" if one.id == shop.person.id else ""
    return f"{you}{'' if one.enabled else ' :red-badge[:material/block: Shut out]'}"


def _facts(one: Account) -> str:
    now, where = time.time(), words.zone(st.context.timezone)
    seen = f"here {words.moment(one.seen_at, now, where)}" if one.seen_at else "not here yet"
    known = one.login or one.email
    return f"{known} · {seen}" if known != one.name else seen


def _role(shop: Shop, one: Account) -> None:
    key = f"role-{one.id}"
    if one.elsewhere or one.id == shop.person.id:
        st.badge(str(one.role), color="gray")
        return
    st.selectbox(
        f"What {plain(one.name)} may do",
        list(Role),
        list(Role).index(one.role),
        format_func=str,
        key=key,
        label_visibility="collapsed",
        width=180,
        on_change=_change_role,
        args=(shop, one, key),
    )


def _change_role(shop: Shop, one: Account, key: str) -> None:
    role = Role(st.session_state[key])
    done = _done(lambda: people.set_role(shop.db, one.id, role))
    if done:
        tell(f"{one.name} is now {role}.")
    else:
        del st.session_state[key]  # show again what is true


def _more(shop: Shop, one: Account) -> None:
    mine = one.id == shop.person.id
    with st.popover("", icon=":material/more_vert:", key=f"more-{one.id}", help="More"):
        if not one.elsewhere and one.enabled:
            _act("New password…", "password", one, ":material/key:", _new_password, shop)
        _act("Sign out everywhere", "out", one, ":material/logout:", _sign_out, shop)
        if mine:
            st.caption("You cannot shut yourself out.")
        elif one.enabled:
            _act("Shut out", "shut", one, ":material/block:", _shut_out, shop)
        else:
            _act("Let in again", "open", one, ":material/check:", _let_in, shop)
        if not mine and st.button(
            "Remove…", key=f"remove-{one.id}", type="tertiary", icon=":material/delete:"
        ):
            _confirm(shop, one)


def _act(
    label: str, key: str, one: Account, icon: str, act: Callable[[Shop, Account], None], shop: Shop
) -> None:
    st.button(
        label, key=f"{key}-{one.id}", type="tertiary", icon=icon, on_click=act, args=(shop, one)
    )


def _new_password(shop: Shop, one: Account) -> None:
    _done(lambda: invite_somebody.new_password(shop, one))


def _sign_out(shop: Shop, one: Account) -> None:
    if _done(lambda: sign_ins.end_everywhere(shop.db, one.id)):
        tell(f"{one.name} is signed out everywhere.")


def _shut_out(shop: Shop, one: Account) -> None:
    if _done(lambda: people.set_enabled(shop.db, one.id, False)):
        tell(f"{one.name} is shut out, at once and everywhere.")


def _let_in(shop: Shop, one: Account) -> None:
    if _done(lambda: people.set_enabled(shop.db, one.id, True)):
        tell(f"{one.name} may come in again.")


@st.dialog("Remove this person?")
def _confirm(shop: Shop, one: Account) -> None:
    st.markdown(
        f"**{plain(one.name)}** will be signed out and forgotten, with their conversations. "
        "What they have corrected and approved stays."
    )
    icon = ":material/delete:"
    question.answers("person", "Remove", _remove, shop, one, leave="Keep them", icon=icon)


def _remove(shop: Shop, one: Account) -> None:
    if _done(lambda: people.remove(shop.db, one.id)):
        conversations.delete_all(shop.db, visitor_name(Person(one.id, one.name, one.role)))
        tell(f"{one.name} was removed.")


def _done(act: Callable[[], None]) -> bool:
    """Do it, or say why it cannot be done."""
    try:
        act()
    except ShopkeeperError as error:
        tell(error.message, problem=True)
        return False
    return True
