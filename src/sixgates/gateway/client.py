"""Sends a scenario's requests to a gateway, each with a deadline and a bound on the body."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.gateway.scenario import Ask, Key, Scenario
from sixgates.inputs.url import root_of
from sixgates.sources.secrets import Scrubber, secrets_of

if TYPE_CHECKING:
    import httpx

MAX_BODY = 1_000_000
_WRONG_KEY = "sk-wrong-key-of-sixgates"


class Client:
    """A client of one gateway; `key` is its master key and never leaves the headers."""

    def __init__(
        self, url: str, key: str, secrets: Iterable[str] = (), connection: Connection = PLAIN
    ) -> None:
        self._url = root_of(url)
        self._key = key
        self._connection = connection
        self._scrubber = Scrubber((*secrets_of(url, key), *connection.secrets(), *sorted(secrets)))
        self._tls = self._url.startswith("https:")  # loading the certificates costs each client 30 ms

    async def send(self, scenario: Scenario, ticket: str) -> tuple[Exchange, ...]:
        """The exchanges of a scenario; its repetitions run eight at a time."""
        import httpx

        lanes = asyncio.Semaphore(8)
        limits = httpx.Limits(max_connections=8)
        async with httpx.AsyncClient(
            trust_env=False,
            timeout=scenario.wall_s,
            limits=limits,
            headers=self._connection.sent(),
            **{"verify": self._tls, **self._connection.options(https=self._tls)},
        ) as http:

            async def once() -> Exchange:
                async with lanes:
                    return await self._exchange(http, scenario.ask, ticket, scenario.wall_s)

            return tuple(await asyncio.gather(*(once() for _ in range(scenario.ask.times))))

    async def _exchange(self, http: httpx.AsyncClient, ask: Ask, ticket: str, deadline_s: float) -> Exchange:
        import httpx

        request = _request(ask, ticket)
        started = time.monotonic()
        heads: list[Response] = []
        chunks: list[Chunk] = []
        error: TransportError | None = None
        try:
            async with asyncio.timeout(deadline_s):
                await self._receive(http, request, ask.key, heads, chunks, started)
        except TimeoutError:
            error = TransportError(FailureKind.DEADLINE, f"no end within {deadline_s:g} s")
        except httpx.ConnectError as problem:
            error = TransportError(FailureKind.REFUSED, str(problem))
        except httpx.HTTPError as problem:
            error = TransportError(FailureKind.PROTOCOL, str(problem))
        response = Response(heads[0].status, heads[0].headers, tuple(chunks)) if heads else None
        exchange = Exchange(ticket, request, response, error, time.monotonic() - started)
        # Before anyone cuts or quotes it: a gateway's errors may repeat keys.
        return self._scrubber.exchange(exchange)

    async def _receive(
        self,
        http: httpx.AsyncClient,
        request: Request,
        key: Key,
        heads: list[Response],
        chunks: list[Chunk],
        started: float,
    ) -> None:
        secret = {Key.RIGHT: self._key, Key.WRONG: _WRONG_KEY, Key.MISSING: ""}[key]
        headers = [*request.headers, *([("authorization", f"Bearer {secret}")] if secret else [])]
        url = self._url + request.path
        async with http.stream(request.method, url, content=request.body, headers=headers) as answer:
            heads.append(Response(answer.status_code, tuple(answer.headers.multi_items())))
            size = 0
            async for data in answer.aiter_raw():
                chunks.append(Chunk(data, time.monotonic() - started))
                size += len(data)
                if size > MAX_BODY:
                    return


def _request(ask: Ask, ticket: str) -> Request:
    headers = (("accept-encoding", "identity"), ("content-type", "application/json"))
    if ask.listing:
        return Request("GET", "/v1/models", headers)
    return Request("POST", "/v1/chat/completions", headers, json.dumps(ask.body(ticket)).encode())
