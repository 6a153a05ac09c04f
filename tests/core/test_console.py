"""What our commands print of texts that somebody else has written."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from core.console import Listing
from core.letters import visible
from tests.payloads import ALL, BRIEF

MARKUP = ("[red]x[/red]", "[/red] unopened", "[link=https://evil.example/]x[/link]", "[blink]b")
#: Red, a link, a cleared screen, a letter taken back.
ORDERS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;https://evil.example/\x07x\x1b]8;;\x07",
    "\x9b2J",
    "a\x08b",
)


@pytest.mark.parametrize("text", [*MARKUP, *ORDERS, *ALL, BRIEF])
def test_a_name_in_a_table_is_neither_markup_nor_an_order_to_the_terminal(text: str) -> None:
    out = io.StringIO()
    listing = Listing("Name", "Rows")
    listing.add_row(text, "3")
    Console(file=out, width=3_000, force_terminal=True, color_system=None).print(listing)
    printed = out.getvalue()
    # Of the escapes there are only those of the table's own frame.
    assert "\x1b]" not in printed and "\x9b" not in printed and "\x1b[31m" not in printed
    for line in filter(None, map(str.strip, visible(text).splitlines())):
        assert " ".join(line.split())[:200] in " ".join(printed.split())
