"""A text as each of its readers sees it: escapes of JSON, URLs, HTML and of programs undone, layer after layer."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

MOST_LAYERS = 12
"""Each layer halves a run of backslashes, so this undoes what was escaped a dozen times over."""

_HEX = "[0-9a-fA-F]"
_ESCAPED = re.compile(
    "|".join(
        (
            rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}",
            rf"\\u\{{{_HEX}{{1,6}}\}}|\\u{_HEX}{{4}}|\\U{_HEX}{{8}}|\\x{_HEX}{{2}}",
            r"\\[^A-Za-z0-9\r\n]|\\[bfnrt]",
            # One character of UTF-8 each, so that a neighbour of a secret is not taken for a part of it.
            rf"%[0-7]{_HEX}|%[c-fC-F]{_HEX}(?:%[89abAB]{_HEX}){{1,3}}|%[89a-fA-F]{_HEX}",
            rf"&(?:\#[0-9]{{1,8}}|\#[xX]{_HEX}{{1,7}}|[A-Za-z][A-Za-z0-9]{{1,31}});",
            "'\"'\"'",
        )
    )
)
_WRAPPED = re.compile(r"[ \t]*\r?\n[ \t]*")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A text and the one that it was made of; the lists hold where each escape begins and ends in both."""

    text: str
    below: Layer | None = None
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    escape_starts: list[int] = field(default_factory=list)
    escape_ends: list[int] = field(default_factory=list)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of this text stands in the lowest one; an escape is never taken apart."""
        layer = self
        while layer.below is not None:
            start, end = layer._start(start), layer._end(end)
            layer = layer.below
        return start, end

    def whole(self, start: int, end: int) -> tuple[int, int]:
        """A piece of the text below, widened so that it cuts none of the escapes that this layer undid."""
        first = bisect_right(self.escape_starts, start) - 1
        if first >= 0 and start < self.escape_ends[first]:
            start = self.escape_starts[first]
        last = bisect_left(self.escape_starts, end) - 1
        if last >= 0:
            end = max(end, self.escape_ends[last])
        return start, end

    def _start(self, at: int) -> int:
        number = bisect_right(self.starts, at) - 1
        if number < 0:
            return at
        inside = at < self.ends[number]
        return self.escape_starts[number] if inside else self.escape_ends[number] + at - self.ends[number]

    def _end(self, at: int) -> int:
        number = bisect_left(self.starts, at) - 1
        if number < 0:
            return at
        return self.escape_ends[number] + max(0, at - self.ends[number])


def layers(text: str) -> list[Layer]:
    """The text as it is, then with its escapes undone once, twice, and so on until none is left."""
    found = [Layer(text)]
    while len(found) <= MOST_LAYERS and any(mark in found[-1].text for mark in "\\%&'"):
        made = _made(found[-1], _ESCAPED, _character)
        if made is None:
            break
        found.append(made)
    return found


def unwrapped(layer: Layer) -> Layer | None:
    """The text with its lines joined, as it was before something wrapped it; None where there is one line."""
    return _made(layer, _WRAPPED, lambda _: "") if "\n" in layer.text else None


def _made(below: Layer, pattern: re.Pattern[str], plain: Callable[[str], str]) -> Layer | None:
    made = Layer("", below)
    pieces: list[str] = []
    done = length = 0
    for match in pattern.finditer(below.text):
        escape = match[0]
        character = plain(escape)
        if character == escape:
            continue
        start, end = match.span()
        pieces += (below.text[done:start], character)
        length += start - done
        made.starts.append(length)
        length += len(character)
        made.ends.append(length)
        made.escape_starts.append(start)
        made.escape_ends.append(end)
        done = end
    if not made.starts:
        return None
    text = "".join((*pieces, below.text[done:]))
    return Layer(text, below, made.starts, made.ends, made.escape_starts, made.escape_ends)


def _character(escape: str) -> str:
    """What an escape stands for; itself when it stands for nothing."""
    if escape[0] == "%":
        octets = unquote_to_bytes(escape)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")
    if escape[0] == "&":
        return html.unescape(escape)
    if escape[0] == "'":
        return "'"
    return _after_backslash(escape)


def _after_backslash(escape: str) -> str:
    kind, digits = escape[1], escape[2:].strip("{}")
    if kind not in "uUx":
        return _LETTERS.get(kind, kind)
    if "\\" in digits:
        pair = bytes.fromhex(digits.replace("\\u", ""))
        return pair.decode("utf-16-be", "surrogatepass")
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF else escape
