"""What was sent to a provider and everything that came back; plain data without I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any


class FailureKind(StrEnum):
    """Why the transport gave up, in terms that an operator can act on."""

    REFUSED = "refused"
    DNS = "dns"
    TLS = "tls"
    CONNECT_TIMEOUT = "connect_timeout"
    DEADLINE = "deadline"
    RESET = "reset"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"


OUR_DEADLINE = frozenset({FailureKind.DEADLINE, FailureKind.CONNECT_TIMEOUT})
"""How an exchange ends that this side cut, because it had waited long enough: no fault of the server."""


@dataclass(frozen=True, slots=True)
class TransportError:
    """The connection's own end: what went wrong below HTTP, and the words of the library that saw it."""

    kind: FailureKind
    detail: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of the body as the network delivered it, `at` seconds after the request was sent."""

    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `path` starts at the provider's root, such as `/v1/chat/completions`."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when it was not sent."""
        return _first(self.headers, name)

    @property
    def asked(self) -> Mapping[str, Any]:
        """The JSON object of the body; empty when it is none."""
        try:
            document = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(frozen=True, slots=True)
class Response:
    """Status line, headers in wire order, and the body's chunks; the body may be cut by an error."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[Chunk, ...] = ()
    http_version: str = "HTTP/1.1"

    @property
    def body(self) -> bytes:
        """All chunks joined."""
        return b"".join(chunk.data for chunk in self.chunks)

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when it is absent."""
        return _first(self.headers, name)

    @property
    def media_type(self) -> str:
        """Content-Type without parameters, in lower case; empty when the header is absent."""
        return (self.header("content-type") or "").split(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its outcome: a response, a transport error, or (a cut body) both.

    Where the client hung up in the middle of the body, on purpose, `left` is how many requests the server then
    showed running; 0 where no gauge was read.
    """

    probe: str
    request: Request
    response: Response | None = None
    error: TransportError | None = None
    elapsed: float = 0.0
    left: int | None = None

    @property
    def cut_by_us(self) -> bool:
        """Whether our deadline ended it: what came is a beginning, and how it would have gone on is not known."""
        return self.error is not None and self.error.kind in OUR_DEADLINE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as required: where (JSON pointer, stream position or file:line:column)."""

    where: str
    expected: str
    got: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Mendable(Finding):
    """A finding in a file that can be mended safely: at its place, `new` instead of `old`, which may be `secret`."""

    old: str = field(default="", repr=False)
    new: str = field(default="", repr=False)
    secret: bool = False


def _first(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def seconds_of(date: str | None) -> float | None:
    """The moment that an HTTP date names; None when it is none."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
