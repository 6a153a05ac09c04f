"""A small button that copies a text to the clipboard."""

from __future__ import annotations

from functools import cache
from typing import Any

import streamlit as st

_HTML = '<button type="button" title="Copy the answer" aria-label="Copy the answer"></button>'
_CSS = """
button {
  font: inherit; font-size: 0.8rem; cursor: pointer; padding: 0.3rem 0.5rem; border: 0;
  border-radius: 0.5rem; color: var(--st-text-color); background: transparent; opacity: 0.75;
}
button:hover, button:focus-visible { opacity: 1; background: var(--st-secondary-background-color); }
"""
# The clipboard needs https or localhost; elsewhere the old way still works.
_JS = """
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.appendChild(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = "Copy";
  button.onclick = async () => {
    await copy(data);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
}
"""


def copy_button(text: str, key: str) -> None:
    """Draw the button; the text stays in the browser."""
    _component()(key=key, data=text, width="content")


@cache
def _component() -> Any:
    return st.components.v2.component("shopkeeper_copy", html=_HTML, css=_CSS, js=_JS)
