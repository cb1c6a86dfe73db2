"""The reference provider: an OpenAI-compatible server as one deterministic function from request to response.

It has no model (`writing` says what it answers). What it does with every parameter follows the OpenAI API
reference (openai/openai-openapi, version 2.3.0).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from sixgates.exchange import Request, Response
from sixgates.gauge import METRICS_PATH, NAMES
from sixgates.reference.chat import chat
from sixgates.reference.completions import complete
from sixgates.reference.desk import CREATED, Desk, Refused, invalid
from sixgates.reference.embeddings import embed
from sixgates.reference.responses import respond

Endpoint = Callable[[Desk, Mapping[str, Any]], Response]
POSTED: Mapping[str, Endpoint] = {
    "/v1/chat/completions": chat,
    "/v1/completions": complete,
    "/v1/embeddings": embed,
    "/v1/responses": respond,
}
"""The endpoints that take a JSON object, by path."""


class ReferenceProvider(Desk):
    """A conforming provider; `key` None means that it asks for none."""

    def respond(self, request: Request) -> Response:
        """The response to any request; never raises."""
        try:
            return self._route(request)
        except Refused as refusal:
            return self.json(refusal.envelope, refusal.status)

    def begin(self, request: Request) -> None:
        """Count a request as running; whoever serves it says when it begins and when it ends."""
        self.running += request.path in POSTED

    def end(self, request: Request, *, left: bool = False) -> None:
        """Count it no more, whether it was answered or its client left."""
        self.running -= request.path in POSTED

    def _route(self, request: Request) -> Response:
        self._authorise(request)
        path = unquote(request.path.split("?")[0])
        if path in POSTED:
            _only("POST", request)
            return POSTED[path](self, _object(request.body))
        if path == "/v1/models":
            _only("GET", request)
            return self.json({"object": "list", "data": [self._model()]})
        if path.startswith("/v1/models/"):
            _only("GET", request)
            self.known(path.removeprefix("/v1/models/"))
            return self.json(self._model())
        if path == "/health":
            return self.json({"status": "ok"})
        if path == METRICS_PATH:
            return self.text(f'{NAMES[0]}{{model_name="{self.model}"}} {self.running:.1f}\n')
        raise Refused(404, f"unknown path {path}", "invalid_request_error")

    def _authorise(self, request: Request) -> None:
        if self.key is not None and request.header("authorization") != f"Bearer {self.key}":
            raise Refused(401, "invalid API key", "invalid_request_error", code="invalid_api_key")

    def _model(self) -> dict[str, Any]:
        return {"id": self.model, "object": "model", "created": CREATED, "owned_by": self.owner}


def _only(method: str, request: Request) -> None:
    if request.method != method:
        raise Refused(405, f"method {request.method} not allowed", "invalid_request_error")


def _object(body: bytes | None) -> Mapping[str, Any]:
    try:
        document = json.loads(body or b"")
    except (ValueError, RecursionError):
        raise invalid("the body is not JSON") from None
    if not isinstance(document, dict):
        raise invalid("the body is not a JSON object")
    return document


Respond = Callable[[Request], Response]
