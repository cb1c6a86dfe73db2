"""One exchange on the wire: bounded in time and size, with the network's own chunks and each way to fail."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 1024 * 1024
MAX_CHUNKS = 5_000
LONGEST_DETAIL = 300

Meanwhile = Callable[[], Awaitable[int]]
"""What is done before the client hangs up; it gives what the gauge showed."""


def client_for(root: str, connection: Connection = PLAIN) -> httpx.AsyncClient:
    """A client that keeps no connection open and follows no redirect."""
    import httpx

    return httpx.AsyncClient(
        timeout=None,  # noqa: S113 - one deadline stands over the whole exchange; httpx's are per operation
        follow_redirects=False,
        trust_env=not _is_loopback(root),
        limits=httpx.Limits(max_keepalive_connections=0),
        headers=connection.sent(),
        **connection.options(https=urlsplit(root).scheme == "https"),
    )


def _is_loopback(root: str) -> bool:
    host = urlsplit(root).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def exchanged(
    client: httpx.AsyncClient, root: str, probe: str, request: Request, deadline_s: float, capture: Capture
) -> Exchange:
    """Send one request; never raises for what a server does."""
    import httpx

    error: TransportError | None = None
    try:
        async with asyncio.timeout(deadline_s):
            await capture.take(client, root, request, deadline_s)
    except httpx.ConnectTimeout:
        what = "connection and TLS handshake" if root.startswith("https:") else "connection"
        error = TransportError(FailureKind.CONNECT_TIMEOUT, f"no {what} within {deadline_s:g} s")
    except TimeoutError:
        error = TransportError(FailureKind.DEADLINE, f"no end within {deadline_s:g} s")
    except _TooLargeError as problem:
        error = TransportError(FailureKind.TOO_LARGE, str(problem))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        error = transport_error(problem, capture.mask)
    return Exchange(probe, request, capture.response(), error, capture.elapsed(), capture.left)


class _TooLargeError(Exception):
    """The answer passed a bound."""


@dataclass(slots=True)
class Capture:
    """What has come of an answer so far; with `hang_up_after` the client leaves after so many chunks."""

    started: float
    hang_up_after: int | None = None
    meanwhile: Meanwhile | None = None
    left: int | None = None
    mask: Callable[[str], str] = str
    reply: httpx.Response | None = None
    chunks: list[Chunk] = field(default_factory=list)

    async def take(self, client: httpx.AsyncClient, root: str, request: Request, deadline_s: float) -> None:
        """Send the request and take in its answer; raises what the client library raises."""
        import httpx

        named = {"User-Agent": "sixgates"} if _is_anonymous(client) else {}
        headers = {**dict(request.headers), **named}
        # A handshake that the deadline over all cancels would leave its socket open: the connect ends earlier.
        timeout = httpx.Timeout(None, connect=deadline_s * 0.9)
        built = client.build_request(
            request.method,
            address(root, request.path),
            headers=headers,
            content=_in_chunks(request.body) if _is_chunked(request) else request.body,
            timeout=timeout,
        )
        own = request.header("authorization") is not None
        auth = httpx.Auth() if own else httpx.USE_CLIENT_DEFAULT  # else httpx prefers the URL's userinfo
        size = 0
        reply = await client.send(built, stream=True, auth=auth)
        self.reply = reply
        try:
            async for data in reply.aiter_raw():
                self.chunks.append(Chunk(data[: MAX_BYTES - size], self.elapsed()))
                size += len(data)
                if size > MAX_BYTES or len(self.chunks) >= MAX_CHUNKS:
                    raise _TooLargeError(f"more than {MAX_BYTES} bytes or {MAX_CHUNKS} chunks of body")
                if len(self.chunks) == self.hang_up_after:
                    self.left = await self.meanwhile() if self.meanwhile is not None else 0
                    return
        finally:
            await reply.aclose()

    def elapsed(self) -> float:
        """Seconds since the request was sent."""
        return round(time.perf_counter() - self.started, 6)

    def response(self) -> Response | None:
        """The response as far as it came; None when there is not even a head."""
        if self.reply is None:
            return None
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.reply.headers.raw
        )
        return Response(self.reply.status_code, headers, tuple(self.chunks), self.reply.http_version)


def _is_anonymous(client: httpx.AsyncClient) -> bool:
    return str(client.headers.get("user-agent", "")).startswith("python-httpx/")


def _is_chunked(request: Request) -> bool:
    return request.body is not None and request.header("transfer-encoding") == "chunked"


async def _in_chunks(body: bytes | None) -> AsyncIterator[bytes]:
    """A body in two pieces, as a client sends it that does not know its length beforehand."""
    whole = body or b""
    for piece in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
        if piece:
            yield piece


def address(root: str, path: str) -> str:
    """The URL of a path under a provider's root, keeping the root's userinfo, prefix and query."""
    parts = urlsplit(root)
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"
    return f"{base}?{parts.query}" if parts.query else base


def transport_error(problem: BaseException, mask: Callable[[str], str] = str) -> TransportError:
    """What went wrong below HTTP, told from the chain of exceptions of the client; masked before it is cut."""
    import httpx

    chain = list(_causes(problem))
    kinds = (kind for each in chain if (kind := _kind_of(each)) is not None)
    kind = next(kinds, _kind_by_operation(problem))
    # What the client library's own machinery stumbled over, such as an empty queue, tells an operator nothing.
    said = [
        each for each in chain if isinstance(each, OSError | httpx.HTTPError | httpx.InvalidURL) and str(each)
    ]
    detail = str(said[-1]) if said else f"the connection ended ({type(problem).__name__})"
    return TransportError(kind, shortened(mask(detail[:MAX_BYTES])))


def shortened(detail: str) -> str:
    """The words of a library on one line; it may have quoted all that the server sent."""
    line = " ".join(detail[: 2 * LONGEST_DETAIL].split())
    return line if len(line) <= LONGEST_DETAIL else f"{line[:LONGEST_DETAIL]}…"


def _kind_by_operation(problem: BaseException) -> FailureKind:
    import httpx

    if isinstance(problem, httpx.ReadError | httpx.WriteError):
        return FailureKind.RESET
    return FailureKind.UNREACHABLE if isinstance(problem, httpx.ConnectError) else FailureKind.PROTOCOL


def _kind_of(problem: BaseException) -> FailureKind | None:
    if isinstance(problem, socket.gaierror):
        return FailureKind.DNS
    if isinstance(problem, ssl.SSLError):
        return FailureKind.TLS
    if isinstance(problem, OSError):
        return {
            errno.ECONNREFUSED: FailureKind.REFUSED,
            errno.ECONNRESET: FailureKind.RESET,
            errno.EPIPE: FailureKind.RESET,
        }.get(problem.errno or 0)
    return None


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [problem]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
