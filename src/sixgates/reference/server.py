"""The reference provider, or a mutant, on a real socket: an ASGI application and uvicorn to serve it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sixgates.exchange import Request, Response
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 16 * 1024 * 1024
PACE_S = 0.001
"""As slow as it takes for a client to leave in the middle of a long answer."""


class ConnectionCut(Exception):
    """Ends a response in the middle, as the mutant wants."""


class ReferenceServer:
    """An ASGI application; `pace` is the pause in seconds before each chunk of a stream.

    It ends a request whose client leaves, and its gauge shows so.
    """

    def __init__(self, provider: ReferenceProvider | MutantProvider, pace: float = PACE_S) -> None:
        self.provider = provider
        self.pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        request = await _request(scope, receive)
        self.provider.begin(request)
        answering = asyncio.ensure_future(self._respond(request, send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = not answering.done()
            self.provider.end(request, left=left)
            leaving.cancel()
            if left:
                answering.cancel()
        if not left:
            answering.result()

    async def _respond(self, request: Request, send: Send) -> None:
        await self._answer(self.provider.respond(request), send)
        if isinstance(self.provider, MutantProvider):
            mutant = self.provider.mutant
            if mutant.cut is not None and mutant.on(request):
                raise ConnectionCut(mutant.name)
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, response: Response, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        for chunk in response.chunks:
            if self.pace and response.media_type == "text/event-stream":
                await asyncio.sleep(self.pace)
            await send({"type": "http.response.body", "body": chunk.data, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _request(scope: Scope, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > MAX_BODY:
            break
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    return Request(scope["method"], path, headers, body or None)


def serve(provider: ReferenceProvider | MutantProvider, host: str, port: int, pace: float) -> None:
    """Serve until interrupted; the caller prints where. Raises OSError when the port is taken."""
    import uvicorn

    application = ReferenceServer(provider, pace)
    uvicorn.run(
        application,
        host=host,
        port=port,
        http="h11",  # httptools loses the body of a request that offers h2c
        log_level="critical",
        date_header=False,
        lifespan="off",
    )
