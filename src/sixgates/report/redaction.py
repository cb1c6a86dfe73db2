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
    spelled = "".join(_character(one) for one in secret)
    if len(secret) < _SHORT:
        return rf"(?<![A-Za-z0-9]){spelled}(?![A-Za-z0-9])"
    encoded = b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return f"{spelled}|{re.escape(encoded)}=*"


def _character(one: str) -> str:
    """Every way in which one character of a secret may stand in a text."""
    octets = one.encode("utf-8", "surrogatepass")
    units = one.encode("utf-16-be", "surrogatepass")
    spellings = [
        re.escape(one),
        "".join(rf"%(?:25)*(?i:{octet:02x})" for octet in octets),
        "".join(rf"\\+u(?i:{high:02x}{low:02x})" for high, low in zip(units[::2], units[1::2], strict=True)),
        "".join(rf"\\+x(?i:{octet:02x})" for octet in octets),
        rf"&\#(?:0*{ord(one)}|[xX]0*(?i:{ord(one):x}));",
    ]
    if not one.isalnum():
        spellings.append(rf"\\+{re.escape(one)}")
    spellings += [re.escape(name) for name in _NAMED.get(one, ())]
    spellings += [rf"\\+{_LETTER[one]}"] if one in _LETTER else []
    return f"(?:{'|'.join(spellings)})"


_NAMED = {"&": ("&amp;",), "<": ("&lt;",), ">": ("&gt;",), '"': ("&quot;",), "'": ("&apos;",), " ": ("+",)}
_LETTER = {"\n": "n", "\t": "t", "\r": "r"}
