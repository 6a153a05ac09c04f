"""The bar under an answer: copy it, say how good it is and why, save the conversation.

All of it happens in the browser and by way of routes beside the page, so that
a click never ends an answer that is being written.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.counter_routes import Address
from rag.messages import Message
from rag.verdicts import REASON_CHARS

_HERE = Path(__file__).parent
_REASONS = ("Wrong facts", "Not what I asked", "Too long", "Too short", "Other")
_THUMB = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 11v9H3v-9zM7 11l4.5-8c1.6 0 2.5 1 '
    '2.5 2.5V9h5.2c1.2 0 2 1.1 1.7 2.3l-1.8 7c-.3 1-1.1 1.7-2.1 1.7H7"/></svg>'
)
_COPY = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><rect x="9" y="9" width="11" height="12" rx="2"/>'
    '<path d="M15 9V5a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h3"/></svg>'
)
_SAVE = (
    '<svg viewBox="0 0 24 24" aria-hidden="true">'
    '<path d="M12 3v12m-5-5 5 5 5-5M4 19v2h16v-2"/></svg>'
)
_REASON_BUTTONS = "".join(
    f'<button type="button" data-reason="{one.lower()}" aria-pressed="false">{one}</button>'
    for one in _REASONS
)
_HTML = f"""
<div class="bar">
  <button type="button" class="copy" title="Copy the answer">{_COPY}<span>Copy</span></button>
  <button type="button" class="up" aria-pressed="false" aria-label="Good answer"
    title="Good answer">{_THUMB}</button>
  <button type="button" class="down" aria-pressed="false" aria-label="Bad answer"
    title="Bad answer">{_THUMB}</button>
  <details class="save" hidden>
    <summary title="Save this conversation as a file">{_SAVE}Save</summary>
    <div>
      <a class="html" download>As a web page</a>
      <a class="md" download>As text (Markdown)</a>
    </div>
  </details>
  <span class="told" role="status"></span>
</div>
<form hidden>
  <fieldset><legend>What was wrong with it?</legend>
    <div class="reasons">{_REASON_BUTTONS}</div>
    <div class="words">
      <input maxlength="{REASON_CHARS - 40}" aria-label="In your words"
        placeholder="In your words, if you like" autocomplete="off">
      <button class="send">Send</button>
    </div>
  </fieldset>
  <button type="button" class="close" aria-label="Close">✕</button>
</form>
"""


def answer_bar(message: Message, *, last: bool) -> None:
    """Draw the bar; under the last answer the conversation can be saved."""
    _component()(
        key=f"bar-{message.id}",
        data={
            "text": message.text,
            "verdict": f"{Address.VERDICT}/{message.id}",
            "feedback": message.feedback,
            "reason": message.feedback_reason,
            "saved": f"{Address.SAVED}/{message.conversation_id}" if last else "",
        },
        width="stretch",
    )


@cache
def _component() -> Any:
    return st.components.v2.component(
        "shopkeeper_answer_bar",
        html=_HTML,
        css=(_HERE / "answer_bar.css").read_text(encoding="utf-8"),
        js=(_HERE / "answer_bar.js").read_text(encoding="utf-8"),
    )
