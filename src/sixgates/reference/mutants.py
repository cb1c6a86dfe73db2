"""Mutants: the reference provider with one defect each, and the registry that the kill matrix walks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from sixgates.catalogue import CatalogueError, modules
from sixgates.exchange import Chunk, Request, Response, TransportError
from sixgates.features.feature import Feature
from sixgates.reference.provider import ReferenceProvider

Document = dict[str, Any]
Applies = Callable[[Request], bool]
Edit = Callable[[Response], Response]
Rewrite = Callable[[Request], Request]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One defect: requests that it touches, what it makes of the request or of the answer, who must notice.

    `rewrite` changes what the provider believes it was asked (an ignored parameter, a key that is not looked
    at); `edit` changes what it answers; `cut` is how the connection ends after the answer. One that is `deaf` does
    not hear that its client has left.
    """

    name: str
    on: Applies
    caught_by: tuple[str, ...]
    edit: Edit | None = None
    rewrite: Rewrite | None = None
    cut: TransportError | None = None
    deaf: bool = False


MUTANTS: dict[str, Mutant] = {}


def mutant(
    name: str,
    *,
    on: Applies,
    caught_by: Iterable[str],
    edit: Edit | None = None,
    rewrite: Rewrite | None = None,
    cut: TransportError | None = None,
    deaf: bool = False,
) -> None:
    """Register a defect; raises CatalogueError when the name is taken or nothing is defective."""
    if name in MUTANTS or not (edit or rewrite or cut or deaf):
        raise CatalogueError(f"mutant {name}: the name is taken, or it has no defect")
    MUTANTS[name] = Mutant(name, on, tuple(caught_by), edit, rewrite, cut, deaf)


@dataclass(slots=True)
class MutantProvider:
    """The reference provider with one defect in it."""

    mutant: Mutant
    inner: ReferenceProvider = field(default_factory=ReferenceProvider)

    def respond(self, request: Request) -> Response:
        """The defective response to requests that the mutant touches, the right one to others."""
        if not self.mutant.on(request):
            return self.inner.respond(request)
        asked = self.mutant.rewrite(request) if self.mutant.rewrite else request
        response = self.inner.respond(asked)
        return self.mutant.edit(response) if self.mutant.edit else response

    def begin(self, request: Request) -> None:
        """The reference's own."""
        self.inner.begin(request)

    def end(self, request: Request, *, left: bool = False) -> None:
        """The reference's own, unless the mutant does not hear that the client left."""
        if not (left and self.mutant.deaf and self.mutant.on(request)):
            self.inner.end(request, left=left)


def body_of(request: Request) -> Document:
    """The request's JSON object, or an empty one."""
    try:
        document = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def on_path(path: str) -> Applies:
    """Requests to one path."""
    return lambda request: request.path == path


def on_chat(request: Request) -> bool:
    """Chat completions, plain or streamed, with or without tools."""
    return request.path == "/v1/chat/completions" and request.method == "POST"


def on_plain(request: Request) -> bool:
    """Chat completions that are not streamed."""
    return on_chat(request) and not body_of(request).get("stream")


def on_stream(request: Request) -> bool:
    """Streamed chat completions."""
    return on_chat(request) and bool(body_of(request).get("stream"))


def on_usage_stream(request: Request) -> bool:
    """Streams that ask for usage."""
    return on_stream(request) and bool((body_of(request).get("stream_options") or {}).get("include_usage"))


def on_tools(request: Request) -> bool:
    """Plain chat completions with tools."""
    return on_plain(request) and bool(body_of(request).get("tools"))


def on_tool_stream(request: Request) -> bool:
    """Streamed chat completions with tools."""
    return on_stream(request) and bool(body_of(request).get("tools"))


def carrying(feature: Feature) -> Applies:
    """Requests that ask for a feature which a server may refuse."""
    return lambda request: request.method == "POST" and feature.holds(body_of(request))


def on_everything(request: Request) -> bool:
    """Every request."""
    return True


def asking(**fields: Any) -> Rewrite:
    """Make the provider believe that these body fields were sent; None takes the field away."""

    def rewrite(request: Request) -> Request:
        document = {**body_of(request), **fields}
        kept = {key: value for key, value in document.items() if value is not None}
        return replace(request, body=json.dumps(kept).encode())

    return rewrite


def showing(credentials: str) -> Rewrite:
    """Make the provider believe that these credentials were shown."""

    def rewrite(request: Request) -> Request:
        others = tuple(pair for pair in request.headers if pair[0].lower() != "authorization")
        return replace(request, headers=(*others, ("Authorization", credentials)))

    return rewrite


def with_header(name: str, value: str) -> Edit:
    """Replace or add a response header."""

    def edit(response: Response) -> Response:
        others = tuple(pair for pair in response.headers if pair[0].lower() != name.lower())
        return replace(response, headers=(*others, (name, value)))

    return edit


def with_status(status: int) -> Edit:
    """Replace the status."""
    return lambda response: replace(response, status=status)


def with_body(body: bytes, media_type: str = "application/json", status: int | None = None) -> Edit:
    """Replace the whole body, its content type and, if given, the status."""

    def edit(response: Response) -> Response:
        headers = tuple(
            pair for pair in response.headers if pair[0] not in {"content-type", "content-length"}
        )
        chunks = (Chunk(body, 0.01),)
        changed = replace(response, headers=(*headers, ("content-type", media_type)), chunks=chunks)
        return changed if status is None else replace(changed, status=status)

    return edit


def in_json(change: Callable[[Document], Any]) -> Edit:
    """Change the JSON body in place; what the change returns, if not None, replaces it. Errors pass untouched."""

    def edit(response: Response) -> Response:
        if response.media_type != "application/json" or response.status != 200:
            return response
        return _changed(response, change)

    return edit


def in_error(change: Callable[[Document], Any]) -> Edit:
    """The same for error bodies only."""

    def edit(response: Response) -> Response:
        return _changed(response, change) if response.status >= 400 else response

    return edit


def _changed(response: Response, change: Callable[[Document], Any]) -> Response:
    document = json.loads(response.body)
    result = change(document)
    body = json.dumps(document if result is None else result, ensure_ascii=False).encode()
    headers = tuple(pair for pair in response.headers if pair[0] != "content-length")
    return replace(response, headers=headers, chunks=(Chunk(body, 0.01),))


def in_events(change: Callable[[list[Document]], list[Document] | None]) -> Edit:
    """Change the list of the stream's JSON events ([DONE] apart) in place or by returning another list."""

    def edit(response: Response) -> Response:
        if response.media_type != "text/event-stream":
            return response
        events = [json.loads(chunk.data[6:]) for chunk in response.chunks[:-1]]
        result = change(events)
        texts = [json.dumps(each, ensure_ascii=False) for each in (events if result is None else result)]
        return _streaming(response, [f"data: {text}\n\n".encode() for text in [*texts, "[DONE]"]])

    return edit


def in_pieces(change: Callable[[list[bytes]], list[bytes] | None]) -> Edit:
    """Change the stream's bytes, one piece an event, [DONE] included."""

    def edit(response: Response) -> Response:
        if response.media_type != "text/event-stream":
            return response
        pieces = [chunk.data for chunk in response.chunks]
        result = change(pieces)
        return _streaming(response, pieces if result is None else result)

    return edit


def _streaming(response: Response, pieces: list[bytes]) -> Response:
    chunks = tuple(Chunk(piece, round(0.01 * (number + 1), 6)) for number, piece in enumerate(pieces))
    return replace(response, chunks=chunks)


def load() -> dict[str, Mutant]:
    """All mutants; each module of `reference.defects` declares those of one API area."""
    import sixgates.reference.defects

    modules(sixgates.reference.defects)
    return MUTANTS
