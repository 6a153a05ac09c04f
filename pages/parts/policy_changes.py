"""What was done to the policy documents just now, and the way to undo it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import ShopkeeperError
from pages.parts import question, words
from pages.parts.entry import Shop
from pages.parts.escape import plain
from pages.parts.policy_list import open_document
from pages.parts.telling import tell
from rag import document_changes
from rag.document_changes import Change
from rag.documents import Document

_DONE = "policies_done"
_TO_DELETE = "policy_to_delete"


def note(changes: Sequence[Change], *, unchanged: int = 0) -> None:
    """Remember what was done, to be told and undone.

    Args:
        changes: What became of each document.
        unchanged: How many documents there were, those that say the same as before included.
    """
    st.session_state[_DONE] = tuple(changes)
    if not changes:
        tell(f"{_these(unchanged)} as before; nothing was changed.")


def tell_what_was_done(shop: Shop) -> None:
    """Draw what was done last, with the way back."""
    changes: tuple[Change, ...] = st.session_state.get(_DONE, ())
    if not changes:
        return
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key="policies-done", gap="small"
    ):
        st.markdown(f":material/check_circle: {plain(_sentence(changes))}", width="stretch")
        st.button("Undo", key="undo-policies", icon=":material/undo:", on_click=_undo, args=(shop,))
        st.button(
            "Close",
            key="close-policies-done",
            type="tertiary",
            on_click=lambda: st.session_state.pop(_DONE, None),
        )


def _sentence(changes: Sequence[Change]) -> str:
    if len(changes) == 1:
        (one,) = changes
        titled = (one.after or one.before or Document("", "", "")).title
        return f"“{titled}” {_what(one)}."
    kinds = [_what(one) for one in changes]
    first, *others = [(kinds.count(kind), kind) for kind in dict.fromkeys(kinds)]
    whole = f"{words.several(first[0], 'document')} {first[1]}"
    return ", ".join([whole, *(f"{count} {kind}" for count, kind in others)]) + "."


def _what(change: Change) -> str:
    if change.after is None:
        return "deleted"
    return "added" if change.before is None else "replaced"


def _these(count: int) -> str:
    return "The document says the same" if count == 1 else "The documents say the same"


def _undo(shop: Shop) -> None:
    changes: tuple[Change, ...] = st.session_state.pop(_DONE, ())
    done = document_changes.undo(shop.db, changes)
    kept = len(changes) - done
    tell(
        f"Undone for {words.several(done, 'document')}; "
        f"{words.several(kept, 'document')} changed by somebody since stay as they are."
        if kept
        else "Undone.",
        problem=bool(kept),
    )


def ask_to_delete(one: Document) -> None:
    """Have the page ask whether a document is to be deleted."""
    st.session_state[_TO_DELETE] = one


def do_what_was_asked(shop: Shop) -> None:
    """Open the dialog that a button asked for."""
    one = st.session_state.pop(_TO_DELETE, None)
    if one is not None:
        _confirm(shop, one)


@st.dialog("Delete this document?")
def _confirm(shop: Shop, one: Document) -> None:
    st.markdown(
        f"The chat no longer answers from “{plain(one.title)}”. You can undo it until you leave "
        "this page; download the text first if you want to keep it."
    )
    question.answers("policy", "Delete", _delete, shop, one)


def _delete(shop: Shop, one: Document) -> None:
    try:
        note([document_changes.delete(shop.db, one)])
        open_document(None)
    except ShopkeeperError as error:
        tell(error.message, problem=True)
