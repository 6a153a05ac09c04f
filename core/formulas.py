"""Cells that a spreadsheet would run as formulas, made harmless."""

from __future__ import annotations

import re

#: What is not seen at the beginning of a cell and may be dropped by who opens the file.
_UNSEEN = r"[\s\x00-\x1f\u00ad\u200b-\u200f\u2060\ufeff]*"
_FORMULA = re.compile(rf"[\t\r\n]|{_UNSEEN}[=+\-@＝＋－＠]")
#: A number however it is written, or nothing but dashes: nothing in it can be run.
_HARMLESS = re.compile(r"\s*([+-]?\d[\d.,']*([eE][+-]?\d+)?\s?%?|[+-]?[.,]\d+|-+)\s*")


def runs(cell: str) -> bool:
    """Whether a spreadsheet would take the cell for a formula."""
    return _FORMULA.match(cell) is not None and not _HARMLESS.fullmatch(cell)


def harmless(cell: str) -> str:
    """The cell with an apostrophe in front where it would be run; spreadsheets hide that one."""
    return f"'{cell}" if runs(cell) else cell
