"""Keys for reviewers beside those of the buttons: E begins to edit, Ctrl+Enter approves."""

from __future__ import annotations

import streamlit as st

from pages.parts.review_sitting import Sitting

# The buttons' own shortcuts do nothing while a person types. What was typed is told to the
# server when its field is left, so the field is left before the row is approved.
_KEYS = """
export default function ({ data }) {
  const open = () => document.querySelector('[class*="st-key-review-row-"]');
  const press = (key) => document.querySelector(`.st-key-${key} button`)?.click();
  const first = () => {
    const values = document.querySelector('[class*="st-key-review-values-"]');
    if (!values) return;
    const lines = [...values.querySelectorAll('[data-testid="stHorizontalBlock"]')];
    const line = lines.find((one) => one.querySelector(".sk-doubt")) || lines[0];
    line?.querySelector("input, textarea, button")?.focus();
  };
  const typing = () => /^(INPUT|TEXTAREA)$/.test(document.activeElement?.tagName || "");
  window.skReviewKeys?.abort();
  window.skReviewKeys = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (!open()) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      event.stopPropagation();
      document.activeElement?.blur();
      setTimeout(() => press("review-approve"), 60);
    } else if (event.key === "Escape" && typing()) {
      document.activeElement.blur();
    } else if (event.key.toLowerCase() === "e" && !typing() && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      first();
    }
  }, { capture: true, signal: window.skReviewKeys.signal });
  // The next row comes to where the last one was; the first one is where the page begins.
  const [row, first_one] = data.split(" ");
  if (window.skReviewOpen !== row && row !== first_one) {
    setTimeout(() => open()?.scrollIntoView({ block: "start", behavior: "smooth" }), 50);
  }
  window.skReviewOpen = row;
}
"""
_HELP = (
    "Keys: **A** approve and next · **S** skip · **U** undo · **E** edit the first doubtful "
    "value · **Ctrl+Enter** approve while typing · **Esc** leave a field"
)


def draw(sitting: Sitting) -> None:
    """Listen for the keys, and tell which there are."""
    st.caption(_HELP)
    keys = st.components.v2.component("shopkeeper_review_keys", js=_KEYS)
    keys(
        key="review-keys",
        data=f"{sitting.open_no} {sitting.row_nos[0] if sitting.row_nos else 0}",
        width=1,
        height=1,
    )
