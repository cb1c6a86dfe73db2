"""Texts of servers and files made fit to be shown: no control character reaches a terminal or a page raw."""

from __future__ import annotations


def visible(text: str) -> str:
    """The text on one line, each character that acts on a terminal written as its escape."""
    # Python prints no control, no format (bidirectional overrides), no surrogate and no line separator.
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escape(one) for one in text)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters of the visible text, with the length of the original noted after a cut."""
    # An escape is at least as long as its character, so nothing beyond the limit can show.
    shown = visible(text[: limit + 1])
    if len(text) <= limit and len(shown) <= limit:
        return shown
    return f"{shown[:limit]}… ({len(text)} characters)"


def _escape(one: str) -> str:
    code = ord(one)
    if one in _SHORT:
        return _SHORT[one]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
