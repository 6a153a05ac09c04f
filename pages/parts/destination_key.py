"""How safe the way to a destination's server is: its key, to be compared and accepted."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from batch.destinations import Destination
from batch.server_keys import is_in_the_clear, known_key, ssh_server
from core.host_keys import ShownKey, fingerprint
from pages.parts import question
from pages.parts.escape import plain


def line(destination: Destination) -> None:
    """Draw which key its server is known by, or what is missing for the way there to be safe."""
    if is_in_the_clear(destination.options):
        st.caption(
            ":material/lock_open: The password and the file go there in the clear, for everybody "
            "on the way to read. Use sftp:// or ftps:// if the server has it."
        )
    elif key := known_key(destination.options):
        st.caption(f"The server is known by its key {plain(fingerprint(key))}")
    elif ssh_server(destination.options) and destination.problem == "":
        st.caption("No key of this server is kept yet. Test the destination once.")


def ask(destination: Destination, shown: ShownKey, said: str) -> bool:
    """Draw a key that is not the one that is known, and what can be done about it.

    Args:
        said: What a try has shown, in words.

    Returns:
        Whether the person wants it to be the key from now on.
    """
    if not shown.expected:
        return _ask_first(destination, shown)
    st.error(plain(said), icon=":material/error:")
    if shown.by_machine:
        return False
    return st.button(
        "Accept the new key…", key=f"accept-key-{destination.id}", icon=":material/key:"
    )


def _ask_first(destination: Destination, shown: ShownKey) -> bool:
    with st.container(border=True, key=f"server-key-{destination.id}", gap="small"):
        st.markdown(f":material/key: **Is this the key of {plain(shown.server)}?**")
        st.code(fingerprint(shown.key), language=None, wrap_lines=True)
        st.caption(
            "It is how Shopkeeper will tell this server from any other. Compare it with the one "
            "that whoever runs the server gives you: another machine could be posing as it. "
            "Nothing was sent there yet, no password either."
        )
        return st.button(
            "Yes, it is the right key",
            key=f"right-key-{destination.id}",
            type="primary",
            icon=":material/check:",
        )


@st.dialog("Accept another key?")
def confirm(shown: ShownKey, accept: Callable[[], None]) -> None:
    """Have a person compare both keys, and accept the new one or not."""
    st.markdown(
        f"{plain(shown.server)} will be known by the new key alone, and be sent the password and "
        "the results again. Accept it only if whoever runs the server says that its key was "
        "changed: a machine that is posing as it would show another key, too."
    )
    st.caption("Known until now")
    st.code(fingerprint(shown.expected), language=None, wrap_lines=True)
    st.caption("Shown now")
    st.code(fingerprint(shown.key), language=None, wrap_lines=True)
    question.answers("key", "Accept the new key", accept, leave="Keep the old one")
