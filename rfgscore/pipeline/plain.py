"""Text of tables for a terminal, which must not be told what to do by it."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

#: Control, format and surrogate characters, and those that part lines and paragraphs.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def plain(text: str) -> str:
    r"""Return a text as one line in which every unseen character stands as an escape.

    Such characters can colour, hide or turn round what stands beside them, or feign a line of our own.

    Parameters
    ----------
    text : str
        What came out of a table, a manifest, or the name of a folder.

    Returns
    -------
    str
        The text to print; one that is plain already is unchanged.

    Examples
    --------
    >>> print(plain("a\x1b[31mb\u202ec\n"))
    a\x1b[31mb\u202ec\x0a
    """
    if text.isprintable():
        return text
    return "".join(_escape(sign) if unicodedata.category(sign) in _UNSEEN else sign for sign in text)


def _escape(sign: str) -> str:
    code = ord(sign)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
