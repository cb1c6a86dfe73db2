"""Content codings: what a body says once the coding that its label names is taken off, as the asking client does.

Only what the standard library reads is taken off, and only from an answer to a request that offered it: whoever asked
for identity reads the bytes as they came. What comes out is bounded, however small what came in.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sixgates.exchange import Chunk, Exchange, Finding, Request, Response
from sixgates.select import Unmet, shown

OFFER = "gzip, deflate"
"""What httpx offers without extras, and so openai-python: exactly the codings that can be read here."""

MOST = 8_000_000
"""The most bytes that a body is unpacked to; on the wire it has at most a megabyte."""

NAMES = frozenset({"gzip", "deflate", "br", "zstd", "compress", "x-gzip", "x-compress"})
"""The codings that change the bytes; clients pass over every other name, and httpx over x-gzip too."""
_READ = ("gzip", "deflate")


def codings(response: Response) -> tuple[str, ...]:
    """The codings that a response says it has, in the order in which they were applied."""
    labels = [value for name, value in response.headers if name.lower() == "content-encoding"]
    names = (each.strip().lower() for each in ",".join(labels).split(","))
    return tuple(name for name in names if name in NAMES)


def offered(request: Request) -> frozenset[str]:
    """The codings that a request offers to take."""
    names = frozenset[str]()
    for each in (request.header("accept-encoding") or "").split(","):
        name, _, weight = each.strip().lower().partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            names |= {name.strip()}
    return names & NAMES


def decoded(exchange: Exchange) -> Response | None:
    """The response as its client reads it, arrival times kept; raises Unmet when it is not what its label says."""
    response = exchange.response
    if response is None or not offered(exchange.request) or not codings(response):
        return response
    return unpacked(response)[0]


def unpacked(response: Response) -> tuple[Response, str]:
    """The response without its codings, and what is not exact in them; raises Unmet where they cannot be read."""
    readers = [_READERS[name]() for name in reversed(codings(response)) if name in _READ]
    chunks, size = [], 0
    for chunk in response.chunks:
        data = chunk.data
        for reader in readers:
            data = reader.read(data, MOST - size)
        size += len(data)
        chunks.append(Chunk(data, chunk.at))
    flaws = (flaw for reader in readers if response.body and (flaw := reader.flaw))
    return replace(response, chunks=tuple(chunks)), next(flaws, "")


@dataclass(slots=True)
class _Reader:
    """Takes one coding off, piece by piece; `bits` are zlib's name for the format."""

    name: str
    bits: int
    begun: bytes = b""
    flaw_of_form: str = ""
    tail: int = 0
    inner: zlib._Decompress = field(init=False)

    def __post_init__(self) -> None:
        self.inner = zlib.decompressobj(self.bits)

    def read(self, data: bytes, most: int) -> bytes:
        """What this piece adds; raises Unmet where it is not of the format, or is more than `most` bytes."""
        if self.inner.eof:
            self.tail += len(data)
            return b""
        try:
            made = self.inner.decompress(data, most + 1)
        except zlib.error:
            made = self._without_wrapper(data, most)
        self.begun = (self.begun + data)[:80]
        self.tail += len(self.inner.unused_data)
        if len(made) > most or self.inner.unconsumed_tail:
            raise Unmet(Finding("body", f"at most {MOST} bytes once it is unpacked", "more"))
        return made

    def _without_wrapper(self, data: bytes, most: int) -> bytes:
        """Deflate as many servers send it, without the wrapper of zlib; clients try it once, at the beginning."""
        if self.name == "deflate" and not self.begun and data[:1] not in b"{[<de: \r\n":
            self.inner = zlib.decompressobj(-zlib.MAX_WBITS)
            self.flaw_of_form = "deflate without zlib's wrapper, which some clients cannot read"
            try:
                return self.inner.decompress(data, most + 1)
            except zlib.error:
                pass
        expected = f"{self.name}, as Content-Encoding says"
        raise Unmet(Finding("body", expected, shown((self.begun + data)[:80].decode(errors="replace"))))

    @property
    def flaw(self) -> str:
        """What a stricter client than most would stumble over; empty where there is nothing."""
        if self.flaw_of_form:
            return self.flaw_of_form
        if not self.inner.eof:
            return f"{self.name} without its end"
        return f"{self.tail} bytes after the end of {self.name}" if self.tail else ""


_READERS: dict[str, Callable[[], _Reader]] = {
    "gzip": lambda: _Reader("gzip", zlib.MAX_WBITS | 16),
    "deflate": lambda: _Reader("deflate", zlib.MAX_WBITS),
}
