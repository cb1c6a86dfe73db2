"""A scripted upstream stands in for one provider, misbehaves on demand and takes notes (ASGI)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sixgates.exchange import Request, Response
from sixgates.gateway.dialect import CHAT_PATHS, Dialect, Piece, failure, media_type, pieces, streams, whole
from sixgates.gateway.script import Fault, FaultKind, Hit, Script, Target, ticket_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Reply = Callable[[Target, Request], Response | None]

MAX_BODY = 1_000_000
_MAX_HITS = 20_000
_SECRET_HEADERS = {"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"}
_PAGE = b"<!doctype html><title>It works</title><p>A reverse proxy's page, not an API."


class StreamCutError(Exception):
    """Raised inside the application so that the server drops the connection in the middle of a body."""


class Notebook:
    """The scripts of the running scenarios and what the upstreams received; one for all upstreams."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self._hits: deque[Hit] = deque(maxlen=_MAX_HITS)

    def note(self, hit: Hit) -> int:
        """Keeps a hit (the oldest goes when the notebook is full) and returns its serial number."""
        self._hits.append(hit)
        return len(self._hits)

    def hits(self, ticket: str) -> tuple[Hit, ...]:
        """The chat requests of one scenario in the order in which they arrived."""
        return tuple(hit for hit in list(self._hits) if hit.ticket == ticket)

    def script(self, ticket: str) -> Script:
        """How requests with this ticket are treated; without a script they are answered well."""
        return self.scripts.get(ticket, Script())


class Upstream:
    """The ASGI application of one scripted upstream."""

    def __init__(
        self, name: str, notebook: Notebook, *, models: tuple[str, ...] = (), reply: Reply | None = None
    ):
        self.name = name
        self.models = models
        self._notebook = notebook
        self._reply = reply

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serves one HTTP request."""
        if scope["type"] != "http":
            return
        raw = await _body(receive)
        if raw is None:
            await _whole(send, 413, "application/json", b'{"error": {"message": "body over 1 MB"}}')
        elif scope["method"] == "POST" and scope["path"] in CHAT_PATHS:
            await self._chat(scope, raw, receive, send)
        else:
            await self._other(scope, send)

    async def _chat(self, scope: Message, raw: bytes, receive: Receive, send: Send) -> None:
        dialect = CHAT_PATHS[scope["path"]]
        body = _json_object(raw)
        target = Target(self.name, str(body.get("model", "")))
        ticket = ticket_of(raw)
        serial = self._notebook.note(_hit(target, ticket, scope, body))
        script = self._notebook.script(ticket)
        fault = script.faults.get(target)
        recorded = None if fault or self._reply is None else self._reply(target, _request(scope, raw))
        if recorded is not None:
            await _replay(recorded, send)
        elif fault and await _misbehave(fault, dialect, target, receive, send):
            return
        elif streams(dialect, body):
            await _stream(
                dialect, list(pieces(dialect, target, serial, body)), script.pace_s, fault, receive, send
            )
        else:
            await _whole(send, 200, media_type(dialect, stream=False), whole(dialect, target, serial))

    async def _other(self, scope: Message, send: Send) -> None:
        entries = [
            {"id": name, "object": "model", "created": 0, "owned_by": self.name} for name in self.models
        ]
        documents: dict[str, Any] = {
            "/v1/models": {"object": "list", "data": entries},
            "/api/tags": {"models": [{"name": name, "model": name} for name in self.models]},
            "/api/version": {"version": "0.0.0"},
            "/api/show": {"template": "", "model_info": {}, "capabilities": ["completion", "tools"]},
        }
        document = documents.get(scope["path"])
        missing = {"error": {"message": f"{self.name} has no {scope['path']}", "type": "not_found_error"}}
        data = json.dumps(missing if document is None else document).encode()
        await _whole(send, 404 if document is None else 200, "application/json", data)


async def _misbehave(fault: Fault, dialect: Dialect, target: Target, receive: Receive, send: Send) -> bool:
    """Whether the fault has answered (or swallowed) the request, so that nothing remains to be said."""
    match fault.kind:
        case FaultKind.STALL:
            await _silence(receive)
        case FaultKind.STATUS:
            await _whole(send, fault.status, "application/json", failure(dialect, target, fault.status))
        case FaultKind.GARBAGE:
            await _whole(send, 200, "text/html", _PAGE)
        case FaultKind.SLOW:
            await asyncio.sleep(fault.delay_s)
            return False
        case _:
            return False
    return True


async def _stream(
    dialect: Dialect, parts: list[Piece], pace_s: float, fault: Fault | None, receive: Receive, send: Send
) -> None:
    await _start(send, 200, media_type(dialect, stream=True))
    said = 0
    for part in parts:
        if fault and said >= fault.after and fault.kind is FaultKind.CUT:
            await asyncio.sleep(fault.delay_s)
            raise StreamCutError
        if fault and said >= fault.after and fault.kind is FaultKind.STALL_STREAM:
            await _silence(receive)
            return
        await send({"type": "http.response.body", "body": part.data, "more_body": True})
        said += part.content
        await asyncio.sleep(pace_s)
    await send({"type": "http.response.body", "body": b""})


async def _replay(response: Response, send: Send) -> None:
    await _start(send, response.status, response.media_type)
    for chunk in response.chunks:
        await send({"type": "http.response.body", "body": chunk.data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _silence(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _whole(send: Send, status: int, kind: str, data: bytes) -> None:
    await _start(send, status, kind)
    await send({"type": "http.response.body", "body": data})


async def _start(send: Send, status: int, kind: str) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _body(receive: Receive) -> bytes | None:
    data = bytearray()
    while True:
        message = await receive()
        data += message.get("body", b"")
        if len(data) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return bytes(data)


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _hit(target: Target, ticket: str, scope: Message, body: dict[str, Any]) -> Hit:
    return Hit(target, ticket, time.monotonic(), scope["method"], scope["path"], _headers(scope), body)


def _request(scope: Message, raw: bytes) -> Request:
    return Request(scope["method"], scope["path"], _headers(scope), raw)


def _headers(scope: Message) -> tuple[tuple[str, str], ...]:
    named = ((key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in scope["headers"])
    return tuple((key, "(redacted)" if key in _SECRET_HEADERS else value) for key, value in named)
