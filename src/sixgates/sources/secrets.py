"""Keeps secrets out of exchanges: a server that echoes a key must not put it on disk or in a report."""

from __future__ import annotations

import re
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from sixgates.coding import codings
from sixgates.exchange import Chunk, Exchange, Request, Response, TransportError
from sixgates.redaction import Redactor, placeholder, redactor, secrets_in_address
from sixgates.redaction.masking import Span, in_bytes, mark, merged, overwritten

_MEMBER = re.compile(r'"((?:[^"\\]|\\.){0,80}+)"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.)*+)', re.DOTALL)
_CHANNEL = re.compile(
    r'"(?:index|output_index|content_index|summary_index|item_id|type)"\s?:\s?("[^"\\]*"|\d+)'
)
_MOST_UNPACKED = 8_000_000
_MOST_LAYERS = 3
_PACKED = b"\x1f\x8b"


def secrets_of(url: str, key: str | None) -> tuple[str, ...]:
    """The secrets that a provider's address and key hold: userinfo, query values, the key itself."""
    values = (key or "", *secrets_in_address(url))
    return tuple(dict.fromkeys(value for value in values if len(value) >= 4 and not placeholder(value)))


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Replaces secrets, in every form in which they travel, by a mark of the same length."""

    secrets: tuple[str, ...]

    @property
    def redactor(self) -> Redactor:
        """What looks for the secrets."""
        return redactor(self.secrets)

    def text(self, value: str) -> str:
        """The text with every secret marked out."""
        pieces: list[str] = []
        done = 0
        for start, end in self.redactor.spans(value):
            pieces += (value[done:start], mark(end - start))
            done = end
        return "".join((*pieces, value[done:]))

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets and without its credentials; offsets and times stay as they were."""
        if exchange.response is None and exchange.error is None:
            return exchange
        cut = exchange.error is not None or exchange.left is not None
        return replace(
            exchange,
            request=self._request(exchange.request),
            response=exchange.response and self._response(exchange.response, cut),
            error=exchange.error and TransportError(exchange.error.kind, self.text(exchange.error.detail)),
        )

    def _request(self, request: Request) -> Request:
        kept = (pair for pair in request.headers if pair[0].lower() != "authorization")
        headers = tuple((self.text(name), self.text(value)) for name, value in kept)
        body = request.body and self.redactor.marked(request.body)
        return replace(request, path=self.text(request.path), headers=headers, body=body)

    def _response(self, response: Response, cut: bool) -> Response:
        headers = tuple((self.text(name), self.text(value)) for name, value in response.headers)
        body = response.body
        packed = _unpacked(response)
        if self._clean(packed, cut) != packed:
            body = overwritten(body, [(0, len(body))])
        return replace(response, headers=headers, chunks=_rechunked(response.chunks, self._clean(body, cut)))

    def _clean(self, body: bytes, cut: bool) -> bytes:
        body = self.redactor.marked(body, cut=cut)
        text = body.decode("utf-8", "surrogateescape")
        spans = merged(span for pieces in _joined(text) for span in self._split(text, pieces))
        if not spans:
            return body
        made, begun = bytearray(body), 0
        for start, end in in_bytes(text, spans):
            made[start:end] = mark(end - start, begun).encode()
            begun += end - start
        return bytes(made)

    def _split(self, text: str, pieces: list[Span]) -> Iterator[Span]:
        """Where a secret stands of which each piece holds a part."""
        ends = list(accumulate(map(_length, pieces)))
        whole = "".join(text[start:end] for start, end in pieces)
        for first, last in self.redactor.spans(whole):
            number = bisect_right(ends, first)
            while number < len(pieces) and (before := ends[number] - _length(pieces[number])) < last:
                start, end = pieces[number]
                yield start + max(first - before, 0), min(start + last - before, end)
                number += 1


def _length(span: Span) -> int:
    return span[1] - span[0]


def _joined(text: str) -> Iterator[list[Span]]:
    """The values of one name in the order of their events, such as pieces of content, that a client joins.

    Once for all of a name, and once apart for each choice, item and place among its like in an event.
    """
    groups: dict[tuple[object, ...], list[Span]] = {}
    at = 0
    for line in text.splitlines(keepends=True):
        channel = tuple(match[1] for match in _CHANNEL.finditer(line))
        seen: dict[str, int] = {}
        for match in _MEMBER.finditer(line):
            name, span = match[1], (at + match.start(2), at + match.end(2))
            seen[name] = seen.get(name, 0) + 1
            groups.setdefault((name,), []).append(span)
            groups.setdefault((name, channel, seen[name]), []).append(span)
        at += len(line)
    yield from (pieces for pieces in groups.values() if len(pieces) > 1)


def _rechunked(chunks: tuple[Chunk, ...], body: bytes) -> tuple[Chunk, ...]:
    made, start = [], 0
    for chunk in chunks:
        end = start + len(chunk.data)
        made.append(Chunk(body[start:end], chunk.at))
        start = end
    return tuple(made)


def _unpacked(response: Response) -> bytes:
    """What a body holds that a server has packed, layer by layer; empty where it is as it reads."""
    layers: list[bytes] = []
    body, labelled = response.body, len(codings(response))
    while len(layers) < _MOST_LAYERS and (len(layers) < labelled or body.startswith(_PACKED)):
        body = _inflated(body)
        if not body:
            break
        layers.append(body)
    return b"\n".join(layers)


def _inflated(body: bytes) -> bytes:
    for kind in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return zlib.decompressobj(kind).decompress(body, _MOST_UNPACKED)
        except zlib.error:
            continue
    return b""
