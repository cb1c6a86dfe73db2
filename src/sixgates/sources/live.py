"""Exchanges with a running provider: bounded in time and size, with the network's own chunks."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sixgates.catalogue import Probe
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.gauge import FREED_WITHIN_S, busy, idle, running, why_not_to_hang_up
from sixgates.judge import Answer, NotSent
from sixgates.select import Unmet
from sixgates.sources.patience import Patience
from sixgates.sources.reference import with_key
from sixgates.sources.secrets import Scrubber, secrets_of
from sixgates.verdict import Cause

if TYPE_CHECKING:
    import httpx

MAX_BYTES = 1024 * 1024
MAX_CHUNKS = 5_000
LONGEST_DETAIL = 300
SHOWN_WITHIN_S = 1.0
FIRST_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """Where a provider listens and how to talk to it; `root` may carry userinfo and a query."""

    name: str
    root: str = field(repr=False)
    model: str
    key: str | None = field(default=None, repr=False)
    concurrency: int = 4
    context_length: int | None = None
    deadline_s: float | None = None
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """What else this process knows and no answer may hold, such as the keys of other providers."""


Stop = Callable[[Mapping[str, Answer]], Cause | None]
Choose = Callable[[Mapping[str, Answer], Probe], bool]
Report = Callable[[str, int, int], None]
Meanwhile = Callable[[], Awaitable[int]]
"""What is done before the client hangs up; it gives what the gauge showed."""


def fetch(
    target: Target,
    probes: Iterable[Probe],
    *,
    first: Iterable[Probe] = (),
    stop: Stop = lambda answers: None,
    choose: Choose = lambda answers, probe: True,
    report: Report = lambda name, done, total: None,
) -> dict[str, Answer]:
    """Send each probe once; `first` go ahead, and when `stop` finds a cause in their answers nothing else is sent.

    Of the others those are sent that `choose` wants after the answers to the first.

    Never raises for what a server does: every way to fail is an exchange with a transport error.
    """
    return asyncio.run(_Session(target, report).run(tuple(probes), tuple(first), stop, choose))


class _Session:
    def __init__(self, target: Target, report: Report) -> None:
        self.target = target
        self.report = report
        self.scrubber = Scrubber((*secrets_of(target.root, target.key), *sorted(target.secrets)))
        self.answers: dict[str, Answer] = {}
        self.limit = asyncio.Semaphore(target.concurrency)
        self.patience = Patience(target.name)
        self.total = 0

    async def run(
        self, probes: tuple[Probe, ...], first: tuple[Probe, ...], stop: Stop, choose: Choose
    ) -> dict[str, Answer]:
        rest = [probe for probe in probes if probe not in first]
        self.total = len(first) + len(rest)
        async with _client(self.target.root) as client:
            for probe in first:
                await self._send(client, probe)
                if stop(self.answers) is not None:
                    return self.answers
            rest = [probe for probe in rest if choose(self.answers, probe)]
            self.total = len(first) + len(rest)
            gauges = [probe.gauge for probe in rest if probe.gauge is not None]
            others = [probe for probe in rest if probe.gauge is None and probe not in gauges]
            for probe in (probe for probe in others if probe.alone):
                await self._send(client, probe)
            for wave in _waves([probe for probe in others if not probe.alone]):
                await asyncio.gather(*(self._bounded(client, probe) for probe in wave))
            for probe, gauge in ((probe, probe.gauge) for probe in rest if probe.gauge is not None):
                await self._hang_up(client, probe, gauge)
        return self.answers

    async def _hang_up(self, client: httpx.AsyncClient, probe: Probe, gauge: Probe) -> None:
        """Leave in the middle of an answer; the gauge is read before, meanwhile and, for the record, afterwards."""

        async def meanwhile() -> int:
            return running(await self._until(client, gauge, busy, SHOWN_WITHIN_S)) or 0

        if self.patience.lost is not None:
            self.answers |= dict.fromkeys((probe.name, gauge.name), self.patience.lost)
            return
        self.answers[gauge.name] = before = await self._until(client, gauge, idle, SHOWN_WITHIN_S)
        reason = why_not_to_hang_up(before)
        if reason is not None:
            self.answers[probe.name] = NotSent(reason)
            return
        await self._send(client, probe, meanwhile)
        self.answers[gauge.name] = await self._until(client, gauge, idle, FREED_WITHIN_S)

    async def _until(
        self, client: httpx.AsyncClient, probe: Probe, holds: Callable[[Exchange], bool], within_s: float
    ) -> Exchange:
        """Ask again, in growing pauses, until an answer is right; the last one counts, `elapsed` since the first."""
        started, pause = time.perf_counter(), FIRST_PAUSE_S
        while True:
            exchange = await self._exchange(client, probe, self._request(probe))
            elapsed = round(time.perf_counter() - started, 6)
            if holds(exchange) or elapsed >= within_s:
                return replace(exchange, elapsed=elapsed)
            await asyncio.sleep(min(pause, within_s - elapsed))
            pause *= 2

    async def _bounded(self, client: httpx.AsyncClient, probe: Probe) -> None:
        if probe.group is not None:
            await self._send(client, probe)
            return
        async with self.limit:
            await self._send(client, probe)

    async def _send(
        self, client: httpx.AsyncClient, probe: Probe, meanwhile: Meanwhile | None = None
    ) -> None:
        self.answers[probe.name] = self.patience.lost or await self._answer(client, probe, meanwhile)
        self.report(probe.name, len(self.answers), self.total)

    async def _answer(
        self, client: httpx.AsyncClient, probe: Probe, meanwhile: Meanwhile | None = None
    ) -> Answer:
        try:
            request = self._request(probe)
        except Unmet as unmet:
            return NotSent(str(unmet))
        return await self._exchange(client, probe, request, meanwhile)

    def _request(self, probe: Probe) -> Request:
        earlier = self.answers.get(probe.after.name) if probe.after else None
        request = probe.request(
            self.target.model,
            earlier if isinstance(earlier, Exchange) else None,
            context_length=self.target.context_length,
        )
        return with_key(request, probe.auth, self.target.key)

    async def _exchange(
        self, client: httpx.AsyncClient, probe: Probe, request: Request, meanwhile: Meanwhile | None = None
    ) -> Exchange:
        capture = _Capture(time.perf_counter(), probe.hang_up_after, meanwhile, mask=self.scrubber.text)
        deadline = self.target.deadline_s or probe.deadline_s
        exchange = await _exchange(client, self.target.root, probe.name, request, deadline, capture)
        self.patience.sees(exchange)
        refused = exchange.response is not None and exchange.response.status != 200
        if refused and probe.otherwise is not None and request.path != probe.otherwise:
            other = await self._exchange(client, probe, replace(request, path=probe.otherwise))
            if other.response is not None and other.response.status == 200:
                return other
        return self.scrubber.exchange(exchange)


def _waves(probes: list[Probe]) -> Iterator[list[Probe]]:
    """Independent probes together, then those that build on others, then each group by itself."""
    single = [probe for probe in probes if probe.group is None]
    yield [probe for probe in single if probe.after is None]
    yield [probe for probe in single if probe.after is not None]
    for group in dict.fromkeys(probe.group for probe in probes if probe.group is not None):
        yield [probe for probe in probes if probe.group == group]


def _client(root: str) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        timeout=None,  # noqa: S113 - one deadline stands over the whole exchange; httpx's are per operation
        follow_redirects=False,
        trust_env=not _is_loopback(root),
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def _is_loopback(root: str) -> bool:
    host = urlsplit(root).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _exchange(
    client: httpx.AsyncClient, root: str, probe: str, request: Request, deadline_s: float, capture: _Capture
) -> Exchange:
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
class _Capture:
    started: float
    hang_up_after: int | None = None
    meanwhile: Meanwhile | None = None
    left: int | None = None
    mask: Callable[[str], str] = str
    reply: httpx.Response | None = None
    chunks: list[Chunk] = field(default_factory=list)

    async def take(self, client: httpx.AsyncClient, root: str, request: Request, deadline_s: float) -> None:
        import httpx

        headers = {**dict(request.headers), "User-Agent": "sixgates"}
        # A handshake that the deadline over all cancels would leave its socket open: the connect ends earlier.
        timeout = httpx.Timeout(None, connect=deadline_s * 0.9)
        built = client.build_request(
            request.method,
            address(root, request.path),
            headers=headers,
            content=request.body,
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
                if self.meanwhile is not None and len(self.chunks) == self.hang_up_after:
                    self.left = await self.meanwhile()
                    return
        finally:
            await reply.aclose()

    def elapsed(self) -> float:
        return round(time.perf_counter() - self.started, 6)

    def response(self) -> Response | None:
        if self.reply is None:
            return None
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.reply.headers.raw
        )
        return Response(self.reply.status_code, headers, tuple(self.chunks), self.reply.http_version)


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
