"""The letters of a file, and why there are none: for what reads files, in whichever process."""

from __future__ import annotations


class Problem(Exception):
    """Why a file cannot be read, in a word that :mod:`rag.reading` puts into a sentence."""


def decoded(data: bytes, charset: str = "utf-8") -> str:
    """A file's text, with the line ends of our own.

    Args:
        data: The file.
        charset: What it says of itself; marks at its beginning count for more.

    Raises:
        Problem: It is not in that encoding, or no text at all.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16"
    try:
        text = data.decode("utf-8-sig" if charset.lower() == "utf-8" else charset)
        # Half of a pair has no place in UTF-8, which everything is stored as.
        text.encode()
    except (UnicodeError, LookupError) as error:
        raise Problem("encoding") from error
    if "\0" in text:
        raise Problem("strange")
    return text.replace("\r\n", "\n").replace("\r", "\n")
