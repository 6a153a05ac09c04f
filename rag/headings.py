"""A document's headings brought into one form: its title first, everything else below it."""

from __future__ import annotations

import re

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
#: A heading that is underlined, as Markdown allows: its text, and whether it is a title.
_UNDERLINED = re.compile(r"^(?![ \t]*[-#>|*+])([^\n]+\S)[ \t]*\n(=+|-{3,})[ \t]*$", re.MULTILINE)
DEEPEST = 6


def tidied(text: str, title: str) -> str:
    """The text with one title, at its top.

    A word processor makes a chapter of the same rank as the title, and most PDFs
    know no title at all.

    Args:
        text: Markdown.
        title: For a text that names none itself.
    """
    lines = _marked(text).strip().splitlines()
    titles = [at for at, line in headings(lines) if _rank(line) == 1]
    if len(titles) == 1:
        at = titles[0]
        title, lines, titles = _words(lines[at]), [*lines[:at], *lines[at + 1 :]], []
    if titles and _stands_alone(lines, titles[0]):
        title, lines = _words(lines[titles[0]]), lines[titles[0] + 1 :]
    if titles:
        ours = {at for at, _ in headings(lines)}
        lines = [_lower(line) if at in ours else line for at, line in enumerate(lines)]
    return f"# {title}\n\n" + "\n".join(lines).strip() + "\n"


def headings(lines: list[str]) -> list[tuple[int, str]]:
    """The headings among a text's lines, with their places; code blocks have none."""
    found, fenced = [], False
    for at, line in enumerate(lines):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and _HEADING.match(line):
            found.append((at, line))
    return found


def first_heading(text: str) -> str:
    """The words of the first heading; empty without any."""
    return next((_words(line) for _, line in headings(text.splitlines())), "")


def _marked(text: str) -> str:
    return _UNDERLINED.sub(lambda found: f"{'#' if found[2][0] == '=' else '##'} {found[1]}", text)


def _stands_alone(lines: list[str], at: int) -> bool:
    """Whether another heading follows at once: then the first one is the title."""
    before = any(line.strip() for line in lines[:at])
    following = next((line for line in lines[at + 1 :] if line.strip()), "")
    return not before and bool(_HEADING.match(following))


def _rank(line: str) -> int:
    found = _HEADING.match(line)
    return len(found[1]) if found else 0


def _words(line: str) -> str:
    found = _HEADING.match(line)
    return found[2].rstrip().rstrip("#").rstrip() if found else ""


def _lower(line: str) -> str:
    return f"#{line}" if _rank(line) < DEEPEST else line
