"""What people do to destinations: save, test, delete, renew a secret; and what came of it."""

from __future__ import annotations

import streamlit as st

from batch import delivery_moves, destinations, targets
from batch.destination_options import DestinationKind
from batch.destinations import Destination
from batch.targets import Trial
from core.errors import ShopkeeperError
from core.host_keys import ShownKey
from pages.parts import destination_form, destination_key, question, trouble
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.telling import tell

DESTINATION = "destination"
#: Set while a new one is being set up.
ADDING = "destination_adding"
_TO_DELETE = "destination_to_delete"
_TO_RENEW = "destination_to_renew"
_TO_ACCEPT = "destination_to_accept"
_TO_TRY = "destination_to_try"
_SECRET = "destination_secret"
_TRIALS = "destination_trials"


def open_destination(destination_id: str | None) -> None:
    """Show a destination from now on, or all of them again."""
    if destination_id:
        st.query_params[DESTINATION] = destination_id
    else:
        st.query_params.pop(DESTINATION, None)


def set_up(shop: Shop, kind: DestinationKind, before: Destination | None) -> None:
    """Draw the form; what is saved is tried at once."""
    name, given, saved = destination_form.ask(kind, before)
    if not saved:
        return
    try:
        if before is None:
            made = destinations.add(shop.settings, shop.db, name, kind, given)
        else:
            made = destinations.change(shop.settings, shop.db, before.id, name, given)
        if before is None and kind is DestinationKind.WEBHOOK:
            secret = destinations.renew_signing(shop.settings, shop.db, made.id)
            st.session_state[_SECRET] = (made.id, secret)
            # Its receiver has to know the secret first: a test now could only fail.
        else:
            try_it(shop, made)
    except ShopkeeperError as error:
        trouble.draw(error)
        return
    st.session_state.pop(ADDING, None)
    open_destination(made.id)
    st.rerun()


def try_it(shop: Shop, destination: Destination, *, adds: bool = False) -> None:
    """Try a destination for real, and keep what came of it for this visit."""
    with st.spinner(f"Trying {plain(destination.name)}…"):
        trial = targets.attempt(shop.settings, shop.db, destination.id, adds=adds)
    st.session_state.setdefault(_TRIALS, {})[destination.id] = trial


def tell_trial(shop: Shop, destination: Destination) -> None:
    """Draw what the last try has shown."""
    trial: Trial | None = st.session_state.get(_TRIALS, {}).get(destination.id)
    if trial is None:
        if destination.problem:
            st.error(plain(destination.problem), icon=":material/error:")
        return
    if trial.works:
        st.success(plain(trial.said), icon=":material/check_circle:")
        return
    if trial.shown:
        _tell_key(shop, destination, trial.shown, trial.said)
        return
    st.error(plain(trial.said), icon=":material/error:")
    if trial.missing and st.button(
        "Add the missing columns",
        key=f"add-columns-{destination.id}",
        icon=":material/add_column_right:",
    ):
        try_it(shop, destination, adds=True)
        st.rerun()


def _tell_key(shop: Shop, destination: Destination, shown: ShownKey, said: str) -> None:
    if not destination_key.ask(destination, shown, said):
        return
    if shown.expected:
        st.session_state[_TO_ACCEPT] = (destination, shown)
    else:
        _accept(shop, destination, shown)
    st.rerun()


def _accept(shop: Shop, destination: Destination, shown: ShownKey) -> None:
    """Keep a key; the destination is tried when the page is drawn next."""
    try:
        destinations.keep_key(shop.db, destination.id, shown.server, shown.key)
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    else:
        st.session_state[_TO_TRY] = destination


def tell_secret(destination: Destination) -> None:
    """Draw a signing secret that was made just now: once, and never again."""
    made: tuple[str, str] | None = st.session_state.get(_SECRET)
    if made is None or made[0] != destination.id:
        return
    with st.container(border=True, key="signing-secret"):
        st.markdown("**The signing secret of this webhook.** It is shown only now.")
        st.code(made[1], language=None)
        st.caption(
            "Copy it into the program that receives the messages: with it, and any library for "
            "[Standard Webhooks](https://www.standardwebhooks.com), it sees that a message is "
            "yours. Then test."
        )
        st.button(
            "I have copied it",
            key="secret-copied",
            type="primary",
            on_click=lambda: st.session_state.pop(_SECRET, None),
        )


def ask_to_delete(destination: Destination) -> None:
    """Have the page ask whether it is to be deleted."""
    st.session_state[_TO_DELETE] = destination


def ask_to_renew(destination: Destination) -> None:
    """Have the page ask whether its signing secret is to be renewed."""
    st.session_state[_TO_RENEW] = destination


def confirm_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for, and try what was just confirmed."""
    if to_try := st.session_state.pop(_TO_TRY, None):
        try_it(shop, to_try)
    to_delete = st.session_state.pop(_TO_DELETE, None)
    to_renew = st.session_state.pop(_TO_RENEW, None)
    to_accept = st.session_state.pop(_TO_ACCEPT, None)
    if to_delete is not None:
        _confirm_delete(shop, to_delete)
    elif to_renew is not None:
        _confirm_renew(shop, to_renew)
    elif to_accept is not None:
        destination, shown = to_accept
        destination_key.confirm(shown, lambda: _accept(shop, destination, shown))


@st.dialog("Delete this destination?")
def _confirm_delete(shop: Shop, destination: Destination) -> None:
    running = delivery_moves.on_their_way(shop.db, destination.id)
    stops = " What is being sent to it stops." if running else ""
    st.markdown(
        f"“{plain(destination.name)}”, its password and the record of what was sent to it will be "
        f"gone for good. What it has been sent stays there.{stops}"
    )
    question.answers("destination", "Delete the destination", _delete, shop, destination)


def _delete(shop: Shop, destination: Destination) -> None:
    destinations.remove(shop.db, destination.id)
    open_destination(None)
    tell(f"“{destination.name}” is deleted.")


@st.dialog("Renew the signing secret?")
def _confirm_renew(shop: Shop, destination: Destination) -> None:
    st.markdown(
        "From now on messages are signed with the new secret. Your program refuses them until it "
        "knows it."
    )
    question.answers("destination", "Renew it", _renew, shop, destination)


def _renew(shop: Shop, destination: Destination) -> None:
    try:
        secret = destinations.renew_signing(shop.settings, shop.db, destination.id)
    except ShopkeeperError as error:
        tell(error.message, problem=True)
    else:
        st.session_state[_SECRET] = (destination.id, secret)
