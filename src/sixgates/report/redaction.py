"""Secrets out of texts, also where a server or a library has quoted or encoded them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache

MASK = "[redacted]"
_SHORT = 4


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret masked: as it is, JSON-escaped, URL-encoded, HTML-escaped or in base64."""
    return redactor(secrets)(text)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """`redact` for many texts; blank secrets are none, and very short ones count as whole words only."""
    patterns = _compiled(
        tuple(sorted({one for one in secrets if one.strip()}, key=lambda one: (-len(one), one)))
    )

    def clean(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(MASK, text)
        return text

    return clean


@lru_cache(maxsize=32)
def _compiled(secrets: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_pattern(secret)) for secret in secrets)


def _pattern(secret: str) -> str:
    # Escaping multiplies backslashes, so a run of them is as good as one.
    spelled = "".join(_character(one) for one in re.sub(r"\\+", r"\\", secret))
    if len(secret) < _SHORT:
        return rf"(?<![A-Za-z0-9]){spelled}(?![A-Za-z0-9])"
    encoded = b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return f"{spelled}|{re.escape(encoded)}=*"


def _character(one: str) -> str:
    """Every way in which one character of a secret may stand in a text, escapes of escapes included."""
    octets = one.encode("utf-8", "surrogatepass")
    units = one.encode("utf-16-be", "surrogatepass")
    number = f"(?i:{ord(one):x})"
    spellings = [
        re.escape(one),
        "".join(rf"%(?:25){{0,8}}(?i:{octet:02x})" for octet in octets),
        _ESCAPE.join(f"u(?i:{high:02x}{low:02x})" for high, low in zip(units[::2], units[1::2], strict=True)),
        _ESCAPE.join(f"x(?i:{octet:02x})" for octet in octets),
        f"x{number}",
        f"U0{{0,6}}{number}",
        rf"&\#(?:0{{0,8}}{ord(one)}|[xX]0{{0,8}}{number});",
        *(re.escape(name) for name in _NAMED.get(one, ())),
    ]
    if one == "\\":
        return f"(?:{_ESCAPE}(?:{'|'.join(spellings[2:])})|{_BACKSLASH}{{1,64}}+)"
    letter = f"|{_BACKSLASH}{{1,64}}+{_LETTER[one]}" if one in _LETTER else ""
    return f"(?:{_ESCAPE}(?:{'|'.join(spellings)}){letter})"


_BACKSLASH = r"(?:\\|%(?:25){0,8}5[cC])"
_ESCAPE = f"{_BACKSLASH}{{0,64}}+"
_NAMED = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;",), "'": ("&apos;",), " ": ("+",)}
_LETTER = {"\n": "n", "\t": "t", "\r": "r"}
