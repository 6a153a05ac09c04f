"""The script of the counter's page: opens sources, and keeps the keyboard where it is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.counter_routes import Address
from rag.messages import Message


def counter_script(answer: Message | None = None) -> None:
    """Put the script on the page; draws nothing.

    Args:
        answer: The last one, once it is complete.
    """
    data = {"address": str(Address.SOURCE), "turn": answer.id if answer else ""}
    _component()(key="counter-script", data=data, width=1, height=1)


@cache
def _component() -> Any:
    script = Path(__file__).parent / "counter.js"
    return st.components.v2.component("shopkeeper_counter", js=script.read_text(encoding="utf-8"))
