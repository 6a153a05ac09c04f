"""Keeps secrets out of what is written or shown: logs, tracebacks, messages of errors.

Whoever learns a secret says so here. What looks like one (a password within
an address, a token in a header) is left out also where nobody has said so.
Knows neither settings nor where a text goes.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

MASK = "•••"
#: A shorter one would be found in many an innocent word.
SHORTEST = 8

_known: set[str] = set()
_known_pattern: re.Pattern[str] | None = None
_lock = threading.Lock()

_LOOKS_LIKE = (
    # The password in an address, for instance of a database.
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*):[^\s/@'\"]+@"), rf"\1:{MASK}@"),
    # What stands in a header; a long word that follows by chance has no digit.
    (re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*\d)[a-z0-9._~+/=-]{16,}"), rf"\1 {MASK}"),
    # The beginnings by which providers have their keys known.
    (re.compile(r"\b(sk|rk|whsec|xox[abp])([-_])[A-Za-z0-9_-]{12,}"), rf"\1\2{MASK}"),
)


def hide(*secrets: str | None) -> None:
    """Remember secrets, so that they are left out from now on; ``None`` and short ones are not."""
    new = {form for one in secrets if one for form in (one, unquote(one), quote(one, safe=""))}
    new = {form for form in new if len(form) >= SHORTEST} - _known
    if not new:
        return
    global _known_pattern
    with _lock:
        _known.update(new)
        longest_first = sorted(_known, key=len, reverse=True)
        _known_pattern = re.compile("|".join(map(re.escape, longest_first)))


def passwords(address: str) -> list[str]:
    """The passwords within an address, if it is one and has any."""
    try:
        parts = urlsplit(address)
        return [one for one in (parts.password, *parse_qs(parts.query).get("password", [])) if one]
    except ValueError:
        return []


def redacted(text: str) -> str:
    """A text without the secrets that are known or look like one."""
    if _known_pattern is not None:
        text = _known_pattern.sub(MASK, text)
    for pattern, instead in _LOOKS_LIKE:
        text = pattern.sub(instead, text)
    return text


def install() -> None:
    """Have whatever this process logs, or ends with, written without secrets."""
    if logging.getLogRecordFactory() is not _record:
        logging.setLogRecordFactory(_record)
    sys.excepthook = _tell
    threading.excepthook = _tell_of_thread


def _record(*given: Any, **named: Any) -> logging.LogRecord:
    """A record of which no formatter can get at a secret, however it writes it."""
    record = logging.LogRecord(*given, **named)
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return record  # logging tells of it when it is written
    clean = redacted(said)
    if clean != said:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[0] is not None:
        # Formatters take what is here already for the formatted exception.
        record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip())
    if record.stack_info:
        record.stack_info = redacted(record.stack_info)
    return record


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _tell_of_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_type is not SystemExit and what.exc_value is not None:
        name = what.thread.name if what.thread else "?"
        sys.stderr.write(f"Exception in thread {name}:\n")
        _tell(what.exc_type, what.exc_value, what.exc_traceback)
