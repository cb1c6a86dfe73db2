"""What corruptions of the reference are made of: which requests they touch, and what they do to the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.field.contract.report import Part

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.mutants import (
    Applies,
    Document,
    Edit,
    body_of,
    in_events,
    in_json,
    with_body,
)

Events = list[Document]


def part(on: Applies, edit: Edit) -> tuple[Part, ...]:
    """One change of the answers to these requests."""
    return (Part(on, edit=edit),)


def where(applies: Applies, holds: Callable[[Document], object]) -> Applies:
    """Requests that a filter takes and whose JSON body is so."""
    return lambda request: applies(request) and bool(holds(body_of(request)))


def refusing(message: str, status: int = 400, **more: Any) -> Edit:
    """Answer with an error in the API's envelope."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}
    return with_body(json.dumps({"error": error}).encode(), status=status)


def in_choices(change: Callable[[Document], Any]) -> Edit:
    """Change each choice of a whole answer in place."""

    def edit(document: Document) -> None:
        for choice in document.get("choices", []):
            change(choice)

    return in_json(edit)


def in_messages(change: Callable[[Document], Any]) -> Edit:
    """Change each message of a whole chat answer in place."""
    return in_choices(lambda choice: change(choice["message"]))


def in_chunks(change: Callable[[Document], Any]) -> Edit:
    """Change each choice of each chunk in place."""

    def edit(events: Events) -> None:
        for event in events:
            for choice in event.get("choices", []):
                change(choice)

    return in_events(edit)


def in_usage(change: Callable[[Document], Any]) -> Edit:
    """Change the usage of a whole answer or of a stream, where there is one."""

    def of(document: Document) -> None:
        if isinstance(document.get("usage"), dict):
            change(document["usage"])

    def edit(events: Events) -> None:
        for event in events:
            of(event)

    whole, streamed = in_json(of), in_events(edit)
    return lambda response: streamed(whole(response))


def in_typed(change: Callable[[Events], Events | None]) -> Edit:
    """Change the typed events of a streamed response in place, or by returning others."""

    def edit(response: Response) -> Response:
        if response.media_type != "text/event-stream":
            return response
        told = [json.loads(chunk.data.split(b"data: ", 1)[1]) for chunk in response.chunks]
        changed = change(told)
        return _typed(response, told if changed is None else changed)

    return edit


def _typed(response: Response, told: Iterable[Document]) -> Response:
    chunks = []
    for number, event in enumerate(told):
        text = json.dumps({**event, "sequence_number": number}, ensure_ascii=False)
        chunks.append(
            Chunk(f"event: {event['type']}\ndata: {text}\n\n".encode(), round(0.01 * (number + 1), 6))
        )
    return replace(response, chunks=tuple(chunks))


def in_response(change: Callable[[Document], Any]) -> Edit:
    """Change the finished response, whole or in the last event of its stream."""

    def last(told: Events) -> None:
        if told and isinstance(told[-1].get("response"), dict):
            change(told[-1]["response"])

    whole, streamed = in_json(change), in_typed(last)
    return lambda response: streamed(whole(response))


def rewriting(change: Callable[[Document], Any]) -> Callable[[Request], Request]:
    """Make the provider believe that it was sent a body changed in place."""

    def rewrite(request: Request) -> Request:
        body = body_of(request)
        change(body)
        return replace(request, body=json.dumps(body).encode())

    return rewrite


def appending(data: bytes) -> Edit:
    """Write more at the end of a stream."""

    def edit(response: Response) -> Response:
        at = response.chunks[-1].at if response.chunks else 0.0
        return replace(response, chunks=(*response.chunks, Chunk(data, at)))

    return edit


def on_responses(request: Request) -> bool:
    """Requests to the Responses API."""
    return request.path == "/v1/responses" and request.method == "POST"


def on_streamed_response(request: Request) -> bool:
    """Those that are streamed."""
    return on_responses(request) and bool(body_of(request).get("stream"))


def on_completions(request: Request) -> bool:
    """Legacy completions."""
    return request.path == "/v1/completions" and request.method == "POST"


def on_embeddings(request: Request) -> bool:
    """Embeddings."""
    return request.path == "/v1/embeddings" and request.method == "POST"


def stops_of(request: Request) -> list[str]:
    """The stop words of a request, given as one or as an array."""
    stops = body_of(request).get("stop") or []
    return [stops] if isinstance(stops, str) else stops


def half_a_stop(request: Request, response: Response) -> Response:
    """Send the first half of a stop word before the end of a stream."""

    def edit(events: Events) -> None:
        stop = next((each for each in stops_of(request) if len(each) > 1), None)
        ended = next((e for e in events if e["choices"] and e["choices"][0]["finish_reason"] == "stop"), None)
        if stop is None or ended is None:
            return
        half = stop[: len(stop) // 2]
        choice = ended["choices"][0]
        if "text" in choice:
            choice["text"] = half
        else:
            choice["delta"] = {"content": half}

    return in_events(edit)(response)
