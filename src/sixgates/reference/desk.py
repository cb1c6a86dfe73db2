"""What the reference's endpoints share: refusals, the model's name, numbering, and how a reply is put on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sixgates.exchange import Chunk, Response

CREATED = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


class Refused(Exception):
    """A request that the API refuses: status, message, error type, offending parameter, error code."""

    def __init__(
        self, status: int, message: str, kind: str, param: str | None = None, code: str | None = None
    ):
        super().__init__(message)
        self.status = status
        self.envelope = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    """The refusal of a request that is wrong in itself."""
    return Refused(400, message, "invalid_request_error", param, code)


@dataclass(slots=True)
class Desk:
    """The provider as its endpoints see it."""

    model: str = "reference"
    key: str | None = None
    context_length: int = 2048
    owner: str = "sixgates"
    stored: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    running: int = 0
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def number(self) -> int:
        """A number that no earlier call gave."""
        return next(self._numbers)

    def known(self, model: object) -> None:
        """Raises Refused unless this model is served."""
        if not isinstance(model, str):
            raise invalid("model must be a string", "model")
        if model != self.model:
            raise Refused(
                404, f"model {model} not found", "invalid_request_error", "model", "model_not_found"
            )

    def json(self, document: Mapping[str, Any], status: int = 200) -> Response:
        """A whole JSON reply."""
        data = json.dumps(document, ensure_ascii=False).encode()
        headers = (*self._headers("application/json"), ("content-length", str(len(data))))
        return Response(status, headers, (Chunk(data, 0.01),))

    def text(self, text: str) -> Response:
        """A whole reply of plain text."""
        return Response(200, self._headers("text/plain; version=0.0.4"), (Chunk(text.encode(), 0.01),))

    def stream(self, blocks: Sequence[str]) -> Response:
        """An event stream; a block is the text of an event without the blank line that ends it."""
        chunks = tuple(
            Chunk(f"{block}\n\n".encode(), round(0.01 * (number + 1), 6))
            for number, block in enumerate(blocks)
        )
        headers = (*self._headers("text/event-stream"), ("cache-control", "no-cache"))
        return Response(200, headers, chunks)

    def data_stream(self, events: Sequence[Mapping[str, Any]]) -> Response:
        """A stream of JSON events that ends with [DONE]."""
        texts = [json.dumps(event, ensure_ascii=False) for event in events] + ["[DONE]"]
        return self.stream([f"data: {text}" for text in texts])

    def _headers(self, media_type: str) -> tuple[tuple[str, str], ...]:
        return (("date", DATE), ("content-type", media_type), ("x-request-id", f"req_{self.number()}"))
