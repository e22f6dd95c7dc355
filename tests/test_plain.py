"""Text for a terminal: every character that is not seen stands as an escape."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from rfgscore.pipeline.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (
            "O'Neill, Zo\u00eb \u65e5\u672c \U0001f600 \\x1b",
            "O'Neill, Zo\u00eb \u65e5\u672c \U0001f600 \\x1b",
        ),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J", r"\x9b2J"),
        ("a\r\n\tb\x00\x7f", r"a\x0d\x0a\x09b\x00\x7f"),
        ("\u202e\u2066abc\u200b\ufeff", r"\u202e\u2066abc\u200b\ufeff"),
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
        ("a\ud800b", r"a\ud800b"),
        ("\U000e0041", r"\U000e0041"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_what_is_not_seen_stands_as_an_escape(text, shown):
    assert plain(text) == shown == plain(shown)


def test_no_unseen_character_is_left():
    unseen = ("Cc", "Cf", "Cs", "Zl", "Zp")
    signs = map(chr, range(sys.maxunicode + 1))
    kept = plain("".join(sign for sign in signs if unicodedata.category(sign) in unseen))
    assert kept.isascii() and kept.isprintable()
