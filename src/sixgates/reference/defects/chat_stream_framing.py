"""Defects of the event stream around the chunks."""

from collections.abc import Callable
from dataclasses import replace

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.defects.chat_stream import on_text_stream
from sixgates.reference.mutants import (
    Edit,
    asking,
    in_pieces,
    mutant,
    on_stream,
    on_tool_stream,
    with_body,
    with_header,
)

ANSWERED = ["chat.stream.answered", "tools.stream.answered"]
ERROR = (
    b'data: {"error": {"message": "out of memory", "type": "server_error", "param": null, "code": null}}\n\n'
)


def _before(piece: bytes, at: int = 1) -> Edit:
    return in_pieces(lambda pieces: [*pieces[:at], piece, *pieces[at:]])


def _after(piece: bytes) -> Edit:
    return in_pieces(lambda pieces: [*pieces, piece])


def _each(change: Callable[[bytes], bytes]) -> Edit:
    return in_pieces(lambda pieces: [change(piece) for piece in pieces])


mutant("stream-ignored", on=on_stream, rewrite=asking(stream=None, stream_options=None), caught_by=ANSWERED)
mutant("stream-empty", on=on_stream, edit=with_body(b"", "text/event-stream"), caught_by=ANSWERED)
mutant(
    "stream-of-done-only",
    on=on_stream,
    edit=with_body(b"data: [DONE]\n\n", "text/event-stream"),
    caught_by=ANSWERED,
)
mutant("stream-of-html", on=on_stream, edit=with_body(b"<html>hello</html>", "text/html"), caught_by=ANSWERED)
mutant("stream-refused", on=on_stream, edit=with_body(b"{}", status=400), caught_by=ANSWERED)
mutant("stream-with-an-error-event", on=on_stream, edit=_before(ERROR, 3), caught_by=ANSWERED)
mutant(
    "stream-with-single-newlines",
    on=on_stream,
    edit=_each(lambda piece: piece[:-1]),
    caught_by=ANSWERED,
)
mutant(
    "stream-called-json",
    on=on_stream,
    edit=with_header("content-type", "application/json"),
    caught_by=["chat.stream.content_type"],
)
for _name, _edit in {
    "last-event-without-blank-line": in_pieces(lambda pieces: [*pieces[:-1], pieces[-1][:-1]]),
    "heartbeat-in-data": _before(b"data: ping\n\n"),
    "comment-in-data": _before(b"data: : keep-alive\n\n"),
    "array-in-data": _before(b"data: []\n\n"),
    "nan-in-data": _before(b'data: {"choices": [], "usage": NaN}\n\n'),
    "two-events-in-one": in_pieces(lambda pieces: [pieces[0], pieces[1][:-1], *pieces[2:]]),
}.items():
    mutant(f"stream-{_name}", on=on_stream, edit=_edit, caught_by=["chat.stream.sse_framing"])
for _name, _edit in {
    "missing": in_pieces(lambda pieces: pieces[:-1]),
    "twice": _after(b"data: [DONE]\n\n"),
    "not-last": _after(b'data: {"choices": []}\n\n'),
    "first": _before(b"data: [DONE]\n\n", 0),
}.items():
    mutant(f"stream-done-{_name}", on=on_stream, edit=_edit, caught_by=["chat.stream.done_sentinel"])
for _name, _edit in {
    "retry-alone": _before(b"retry: 3000\n\n"),
    "event-alone": _before(b"event: ping\n\n"),
    "empty-data": _before(b"data:\n\n"),
    "comment-after-an-id": in_pieces(
        lambda pieces: [b"id: 1\n" + pieces[0], b": keep-alive\n\n", *pieces[1:]]
    ),
    "blank-line-after-an-id": in_pieces(lambda pieces: [b"id: 1\n" + pieces[0], b"\n", *pieces[1:]]),
}.items():
    mutant(f"stream-{_name}", on=on_stream, edit=_edit, caught_by=["chat.stream.no_bare_fields"])
mutant(
    "stream-invalid-utf8",
    on=on_stream,
    edit=_each(lambda piece: piece.replace(b'"content": "', b'"content": "\xf0\x9f')),
    caught_by=["chat.stream.utf8_valid"],
)
mutant(
    "stream-cacheable",
    on=on_stream,
    edit=with_header("cache-control", "max-age=60"),
    caught_by=["chat.stream.headers"],
)
mutant(
    "stream-with-a-length",
    on=on_stream,
    edit=with_header("content-length", "100"),
    caught_by=["chat.stream.headers"],
)


def _refusal_as_event(response: Response) -> Response:
    if response.status < 400:
        return response
    body = b"data: " + response.body + b"\n\n"
    return with_body(body, "text/event-stream", 200)(response)


def _refusal_in_html(response: Response) -> Response:
    return with_body(b"<h1>Bad Request</h1>", "text/html")(response) if response.status >= 400 else response


mutant(
    "stream-refused-by-an-event",
    on=on_stream,
    edit=_refusal_as_event,
    caught_by=["chat.stream.error_before_first"],
)
mutant(
    "stream-refused-in-html",
    on=on_stream,
    edit=_refusal_in_html,
    caught_by=["chat.stream.error_before_first"],
)


def _buffered(response: Response) -> Response:
    last = response.chunks[-1].at
    return replace(response, chunks=tuple(Chunk(chunk.data, last) for chunk in response.chunks))


def _mostly_late(response: Response) -> Response:
    """All pieces at the end, faster than they were made; a long wait and then their own pace would be a queue."""
    last = response.chunks[-1].at
    return replace(
        response, chunks=tuple(Chunk(chunk.data, last * 9 + chunk.at / 10) for chunk in response.chunks)
    )


def _on_none(request: Request) -> bool:
    return on_tool_stream(request) and b'"none"' in (request.body or b"")


for _name, _late in {"buffered": _buffered, "late": _mostly_late}.items():
    mutant(f"stream-{_name}", on=on_text_stream, edit=_late, caught_by=["chat.stream.incremental"])
    mutant(f"tool-stream-{_name}", on=_on_none, edit=_late, caught_by=["chat.stream.incremental_with_tools"])
mutant(
    "stream-says-more-after-done",
    on=on_stream,
    edit=_after(b"event: end\n\n"),
    caught_by=["chat.stream.done_sentinel"],
)
mutant(
    "stream-says-garbage-after-done",
    on=on_stream,
    edit=_after(b"0\r\n\r\n"),
    caught_by=["chat.stream.done_sentinel"],
)
for _name, _data in {
    "comment": ": keep-alive",
    "ping": "ping",
    "object": '{"type": "ping"}',
    "nothing": "",
}.items():
    mutant(
        f"stream-kept-alive-by-data-{_name}",
        on=on_stream,
        edit=_before(f"data: {_data}\n\n".encode()),
        caught_by=["chat.stream.keepalive_comments"],
    )
