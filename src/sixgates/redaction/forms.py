"""The forms in which a secret travels, as texts to look for once escapes are undone."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from sixgates.redaction.layers import layers

SHORTEST = 4
"""Shorter secrets count as whole words only, and not in the bytes of an answer."""
_SHORTEST_BASE64 = 5
_LONGEST_LINE = 12
_FOLDED = str.maketrans(" -_", "++/")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class Form:
    """A text that gives a secret away; `before` and `after` say that a base64 digit there holds a part of it."""

    text: str
    before: bool = False
    after: bool = False
    base64: bool = False
    digits: bool = False


def folded(text: str) -> str:
    """The text with `+` for a space, as forms write it, and base64url written as base64."""
    return text.translate(_FOLDED)


def lowered(text: str) -> str:
    """The text in lower case, character for character."""
    return text.translate(_LOWER)


def pieces_of(secret: str) -> tuple[str, ...]:
    """The secret, and each line of one that has several, such as a private key."""
    lines = [line.strip() for line in secret.splitlines()]
    long = [line for line in lines if len(line) >= _LONGEST_LINE] if len(lines) > 1 else []
    return (secret, *long)


def forms_of(secret: str) -> frozenset[Form]:
    """Every form of a secret of at least SHORTEST characters: as it is, in base64 at any place of it, in hex."""
    return frozenset(_forms(secret))


def _forms(secret: str) -> Iterator[Form]:
    octets = secret.encode("utf-8", "surrogatepass")
    # A secret may hold what reads as an escape; then its readers see something else.
    read = (secret, octets.decode("latin-1"), _in_latin_1(secret))
    seen = [layer.text for one in read for layer in layers(one)]
    for text in set(seen):
        if len(text) >= SHORTEST:
            yield Form(folded(text))
    for spelled in {secret, json.dumps(secret)[1:-1], quote(secret, safe="", errors="replace")}:
        yield from _base64(spelled.encode("utf-8", "surrogatepass"))
    yield Form(octets.hex(), digits=True)


def _in_latin_1(secret: str) -> str:
    """The secret as it looks where a text in latin-1 is read as UTF-8."""
    return secret.encode("latin-1", "xmlcharrefreplace").decode("utf-8", "surrogateescape")


def _base64(octets: bytes) -> Iterator[Form]:
    """The digits that depend on the secret alone, wherever it begins in what was encoded."""
    for shift in range(3):
        bits = 8 * (shift + len(octets))
        digits = b64encode(bytes(shift) + octets).decode()[(8 * shift + 5) // 6 : bits // 6]
        if len(digits) >= _SHORTEST_BASE64:
            yield Form(digits, before=shift > 0, after=bits % 6 > 0, base64=True)
