"""Canaries, the forms in which they are planted, and a reader that finds what is left of them.

The reader shares nothing with the redaction: it undoes escapes with the standard library until nothing changes.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote

CANARIES = (
    "canary-plain0123456789-words",
    'canary/7+é "q"&<\\z%41=planted',
    "canary_ß.~planted:with@colon/and+plus",
)
LONGEST_LEFT = 8
"""So many characters in a row of a canary are a leak."""

BASES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "bearer": lambda text: f"Bearer {text}",
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 after one byte": lambda text: base64.b64encode(f":{text}!".encode()).decode(),
    "base64 after two bytes": lambda text: base64.b64encode(f"u:{text}!!".encode()).decode(),
    "base64 of the pair": lambda text: "Basic " + base64.b64encode(f"canary-user:{text}".encode()).decode(),
    "base64 of bearer": lambda text: base64.urlsafe_b64encode(f"Bearer {text}\n".encode()).decode(),
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"k": text}).encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(f"{'x' * 50}{text}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
}


def _units(text: str) -> list[int]:
    octets = text.encode("utf-16-be")
    return [int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets), 2)]


STYLES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json with slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json, only plus": lambda text: json.dumps(text)[1:-1].replace("+", "\\u002B"),
    "json, all lower": lambda text: "".join(f"\\u{unit:04x}" for unit in _units(text)),
    "json, all upper": lambda text: "".join(f"\\u{unit:04X}" for unit in _units(text)),
    "json, every third": lambda text: "".join(
        f"\\u{ord(one):04x}" if at % 3 == 0 else json.dumps(one)[1:-1] for at, one in enumerate(text)
    ),
    "json twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "json thrice": lambda text: json.dumps(json.dumps(json.dumps(text)[1:-1])[1:-1])[1:-1],
    "url": lambda text: quote(text, safe=""),
    "url, path": quote,
    "url, all": lambda text: "".join(f"%{octet:02x}" for octet in text.encode()),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "html": html.escape,
    "html, decimal": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "html, hex": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "html twice": lambda text: html.escape(html.escape(text)),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "bytes": lambda text: repr(text.encode())[2:-1],
    "json in url": lambda text: quote(json.dumps(text)[1:-1], safe=""),
    "url in json": lambda text: json.dumps(quote(text, safe=""))[1:-1].replace("%", "\\u0025"),
}


def forms(canary: str) -> Iterator[tuple[str, str]]:
    """Each form of a canary with its name."""
    for base, encode in BASES.items():
        for style, spell in STYLES.items():
            yield f"{base}, {style}", spell(encode(canary))


def left(text: str, *canaries: str) -> list[str]:
    """What a reader who knows the canaries still finds of them."""
    seen = list(_read(text))
    squeezed = [re.sub(r"\s+", "", one) for one in seen]
    found = []
    for canary in canaries or CANARIES:
        for known in {canary, *(base(canary) for base in (BASES["hex"], BASES["HEX"])), *_digits(canary)}:
            windows = {known[at : at + LONGEST_LEFT] for at in range(len(known) - LONGEST_LEFT + 1)}
            found += [window for window in windows for one in (*seen, *squeezed) if window in one]
    return found


def _digits(canary: str) -> Iterator[str]:
    for shift in range(3):
        digits = base64.b64encode(bytes(shift) + canary.encode()).decode().rstrip("=")
        yield digits[(8 * shift + 5) // 6 : -1]
        yield digits[(8 * shift + 5) // 6 : -1].replace("+", "-").replace("/", "_")


def _read(text: str) -> Iterator[str]:
    waiting = [text]
    seen: set[str] = set()
    while waiting and len(seen) < 60:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        yield one
        waiting += [html.unescape(one), unquote(one), _unescaped(one)]


def _unescaped(text: str) -> str:
    """The text with each escape of a backslash undone once."""

    def plain(match: re.Match[str]) -> str:
        if match[1][0] in "ux":
            return chr(int(match[1][1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1])

    undone = re.sub(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^ux])", plain, text)
    return undone.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
