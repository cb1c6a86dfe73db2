"""Finds secrets in texts and bytes, however they are spelled, and masks them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate

from sixgates.redaction.forms import SHORTEST, Form, folded, forms_of, lowered, pieces_of
from sixgates.redaction.layers import layers, unwrapped

MASK = "[redacted]"
REDACTED = "sixgates-redacted-"
"""Stands, as often as it takes, where a server repeated a secret."""
LEAST_PART = 6
"""So many characters of a secret are masked beside a cut; fewer tell too little, and are often chance."""
_LONGEST_PART = 256

Span = tuple[int, int]
Parts = dict[str, list[str]]
_CUT = re.compile(r"…|\.\.\.")
_HALF = re.compile(r"(?:\\[uU]?[0-9a-fA-F]{0,7}|\\x?[0-9a-fA-F]?|%[0-9a-fA-F]?|&[#A-Za-z0-9]{0,31})$")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with each secret masked, in whatever form and however often escaped."""
    return redactor(secrets).text(text)


def redactor(secrets: Iterable[str]) -> Redactor:
    """`redact` for many texts; blank secrets are none."""
    return _redactor(tuple(sorted({one for one in secrets if one.strip()})))


class Redactor:
    """What is known to be secret, ready to be looked for; made once for all texts of a run."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {piece for secret in secrets for piece in pieces_of(secret)}
        self._forms = tuple({form for one in known if len(one) >= SHORTEST for form in forms_of(one)})
        self._starts, self._ends = _parts(self._forms)
        self._digits = tuple(form for form in self._forms if form.base64)
        short = sorted((one for one in known if len(one) < SHORTEST), key=len, reverse=True)
        words = "|".join(map(re.escape, short))
        self._words = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])") if short else None

    def text(self, text: str) -> str:
        """The text with each secret masked, and with what is left of one beside a cut."""
        spans = self.spans(text, words=True)
        if not spans:
            return text
        pieces: list[str] = []
        done = 0
        for start, end in spans:
            pieces += (text[done:start], MASK)
            done = end
        return "".join((*pieces, text[done:]))

    def marked(self, data: bytes, *, cut: bool = False) -> bytes:
        """The bytes with each secret overwritten by a mark of its length; `cut` says that the end may be missing."""
        text = data.decode("utf-8", "surrogateescape")
        spans = self.spans(text, cut=cut)
        return overwritten(data, in_bytes(text, spans)) if spans else data

    def spans(self, text: str, *, words: bool = False, cut: bool = False) -> list[Span]:
        """Where secrets stand, in order and apart from each other.

        With `words`, for texts that people read, very short secrets count as well, and lines that were wrapped.
        """
        if not (self._forms or self._words):
            return []
        found: list[Span] = []
        seen = layers(text)
        for layer, above in zip(seen, [*seen[1:], None], strict=True):
            for start, end in self._in(layer.text, words, cut):
                inside = above.whole(start, end) if above else (start, end)
                found.append(layer.original(*inside))
        for layer in {id(one): one for one in (seen[0], seen[-1])}.values():
            joined = unwrapped(layer)
            if joined is not None:
                # Encoders wrap base64; a line's end between the letters of anything else is the protocol's.
                forms = self._forms if words else self._digits
                found += (joined.original(*span) for span in _all(joined.text, forms))
        return merged(found)

    def _in(self, text: str, words: bool, cut: bool) -> Iterator[Span]:
        yield from _all(text, self._forms)
        if words and self._words:
            yield from (match.span() for match in self._words.finditer(text))
        yield from self._beside_cuts(text, folded(text), cut)

    def _beside_cuts(self, text: str, plain: str, cut: bool) -> Iterator[Span]:
        marks = [match.span() for match in _CUT.finditer(text)]
        for end in (*(start for start, _ in marks), *([len(text)] if cut else [])):
            half = _HALF.search(plain, max(0, end - 40), end)
            for last in {end, half.start() if half else end}:
                yield from ((start, end) for start in self._beginnings(plain, last))
        for _, start in marks:
            yield from ((start, end) for end in self._endings(plain, start))

    def _beginnings(self, plain: str, end: int) -> Iterator[int]:
        for start in self._starts.get(plain[max(0, end - LEAST_PART) : end], ()):
            if plain.endswith(start, 0, end):
                yield end - len(start)
                return

    def _endings(self, plain: str, start: int) -> Iterator[int]:
        for end in self._ends.get(plain[start : start + LEAST_PART], ()):
            if plain.startswith(end, start):
                yield start + len(end)
                return


def _parts(forms: Iterable[Form]) -> tuple[Parts, Parts]:
    """Each beginning of a form by its last characters, and each ending by its first; the longest first."""
    starts: Parts = {}
    ends: Parts = {}
    for text in {form.text for form in forms}:
        for size in range(min(len(text) - 1, _LONGEST_PART), LEAST_PART - 1, -1):
            start, end = text[:size], text[-size:]
            starts.setdefault(start[-LEAST_PART:], []).append(start)
            ends.setdefault(end[:LEAST_PART], []).append(end)
    for found in (*starts.values(), *ends.values()):
        found.sort(key=len, reverse=True)
    return starts, ends


@lru_cache(maxsize=32)
def _redactor(secrets: tuple[str, ...]) -> Redactor:
    return Redactor(secrets)


def _all(text: str, forms: Iterable[Form]) -> Iterator[Span]:
    plain = folded(text)
    digits = lowered(plain)
    for form in forms:
        yield from _found(digits if form.digits else plain, form)


def _found(text: str, form: Form) -> Iterator[Span]:
    at = text.find(form.text)
    while at >= 0:
        start, end = at, at + len(form.text)
        if form.before and start > 0 and text[start - 1] in _BASE64:
            start -= 1
        if form.after and text[end : end + 1] in _BASE64 and end < len(text):
            end += 1
        while form.base64 and text[end : end + 1] == "=":
            end += 1
        yield start, end
        at = text.find(form.text, at + 1)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch or overlap made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def in_bytes(text: str, spans: list[Span]) -> list[Span]:
    """Spans of a text as spans of its UTF-8."""
    if text.isascii():
        return spans
    places = [place for span in spans for place in span]
    pieces = [text[a:b] for a, b in zip([0, *places], places, strict=False)]
    at = list(accumulate(len(piece.encode("utf-8", "surrogateescape")) for piece in pieces))
    return list(zip(at[::2], at[1::2], strict=True))


def overwritten(data: bytes, spans: Iterable[Span]) -> bytes:
    """The bytes with a mark over each span, of the same length; the mark of one secret goes on where it is split."""
    made = bytearray(data)
    for start, end in spans:
        made[start:end] = mark(end - start).encode()
    return bytes(made)


def mark(length: int, begun: int = 0) -> str:
    """The mark, as long as what it stands for, from where `begun` characters of it have been written."""
    offset = begun % len(REDACTED)
    return (REDACTED * (length // len(REDACTED) + 2))[offset : offset + length]
