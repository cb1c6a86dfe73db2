"""Defects of the events of a streamed response; most were measured on clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.defects.responses import on_call_events, on_events
from sixgates.reference.mutants import Applies, Document, Edit, in_pieces, mutant, with_body, with_header

_AREA = "responses.stream"
_ERROR: Document = {"type": "error", "code": "server_error", "message": "no", "param": None}


def _on_text_events(request: Request) -> bool:
    return on_events(request) and not on_call_events(request)


def in_typed_events(change: Callable[[list[Document]], list[Document] | None]) -> Edit:
    """Change the list of typed events in place or by returning another; each is named by its type again."""

    def edit(response: Response) -> Response:
        if response.media_type != "text/event-stream":
            return response
        told = [json.loads(chunk.data.partition(b"data: ")[2]) for chunk in response.chunks]
        result = change(told)
        pieces = [_written(event) for event in (told if result is None else result)]
        chunks = (Chunk(piece, round(0.01 * (number + 1), 6)) for number, piece in enumerate(pieces))
        return replace(response, chunks=tuple(chunks))

    return edit


def _written(event: Document) -> bytes:
    return f"event: {event.get('type')}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def each(kind: str, change: Callable[[Document], Any]) -> Edit:
    """Change every event whose type ends so."""

    def edit(told: list[Document]) -> None:
        for event in told:
            if event["type"].endswith(kind):
                change(event)

    return in_typed_events(edit)


def dropping(kind: str) -> Edit:
    """Leave out the events whose type ends so, and number the rest again."""
    return in_typed_events(
        lambda told: _renumbered(event for event in told if not event["type"].endswith(kind))
    )


def _renumbered(told: Iterable[Document]) -> list[Document]:
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]


def _broken(name: str, edit: Edit, *topics: str, on: Applies = on_events) -> None:
    mutant(name, on=on, edit=edit, caught_by=[f"{_AREA}.{topic}" for topic in topics])


def _unwrapped(event: Document) -> None:
    event.update(event.pop("response"))
    event["type"] = "response.created"


def _later_id(event: Document) -> None:
    event["response"]["id"] += "x"


def _pop(*keys: str) -> Callable[[Document], None]:
    def change(event: Document) -> None:
        for key in keys:
            event.pop(key, None)

    return change


def _item(**fields: Any) -> Callable[[Document], None]:
    return lambda event: event["item"].update(fields)


def _first_twice(told: list[Document]) -> list[Document]:
    return _renumbered([told[0], *told])


def _end_twice(told: list[Document]) -> list[Document]:
    return _renumbered([*told, told[-1]])


def _more_after_the_end(told: list[Document]) -> list[Document]:
    return _renumbered([*told, told[1]])


def _error_at_the_end(told: list[Document]) -> list[Document]:
    return _renumbered([*told[:-1], _ERROR])


def _error_at_once(_: list[Document]) -> list[Document]:
    return [{**_ERROR, "sequence_number": 0}]


def _failed(event: Document) -> None:
    event["type"] = "response.failed"


def _added_late(told: list[Document]) -> list[Document]:
    added = next(event for event in told if event["type"].endswith("output_item.added"))
    rest = [event for event in told if event is not added]
    return _renumbered([*rest[:-2], added, *rest[-2:]])


def _last_delta_lost(told: list[Document]) -> list[Document]:
    last = [event for event in told if event["type"].endswith("output_text.delta")][-1]
    return _renumbered(event for event in told if event is not last)


def _last_delta_twice(told: list[Document]) -> list[Document]:
    deltas = [at for at, event in enumerate(told) if event["type"].endswith("output_text.delta")]
    return _renumbered([*told[: deltas[-1] + 1], *told[deltas[-1] :]])


def _end_of(**fields: Any) -> Edit:
    def edit(told: list[Document]) -> None:
        told[-1]["response"].update(fields)

    return in_typed_events(edit)


def _in_last_output(**fields: Any) -> Edit:
    def edit(told: list[Document]) -> None:
        told[-1]["response"]["output"][0].update(fields)

    return in_typed_events(edit)


def _text_in_the_end(told: list[Document]) -> None:
    told[-1]["response"]["output"][0]["content"][0]["text"] += " The end."


def _completed_anyway(told: list[Document]) -> None:
    told[-1]["type"] = "response.completed"


def _halved(pieces: list[bytes]) -> list[bytes]:
    return [piece.replace(b"\n\n", b"\n") for piece in pieces]


def _without_names(pieces: list[bytes]) -> list[bytes]:
    return [b"data: " + piece.partition(b"data: ")[2] for piece in pieces]


def _all_messages(pieces: list[bytes]) -> list[bytes]:
    return [b"event: message\n" + piece for piece in _without_names(pieces)]


def _unended(pieces: list[bytes]) -> list[bytes]:
    return [*pieces[:-1], pieces[-1].rstrip(b"\n")]


_broken("response-events-as-plain-text", with_header("content-type", "text/plain"), "content_type")
_broken("response-events-unended", in_pieces(_unended), "content_type")
_broken(
    "response-event-not-json",
    in_pieces(lambda pieces: [*pieces[:2], b"event: ping\ndata: ping\n\n", *pieces[2:]]),
    "content_type",
)
_broken("response-events-without-type", each("", _pop("type")), "content_type", "created_first")
_broken("response-events-unnamed", in_pieces(_without_names), "event_names")
_broken("response-events-all-messages", in_pieces(_all_messages), "event_names")
_broken("response-never-created", dropping("response.created"), "created_first")
_broken("response-created-twice", in_typed_events(_first_twice), "created_first")
_broken("response-created-unwrapped", each("response.created", _unwrapped), "created_first")
_broken("response-item-never-added", dropping("output_item.added"), "item_added_first")
_broken("response-item-added-late", in_typed_events(_added_late), "item_added_first")
_broken("response-item-added-unwrapped", each("output_item.added", _pop("item")), "item_added_first")
_broken("response-part-never-added", dropping("content_part.added"), "part_added")
_broken("response-part-added-unwrapped", each("content_part.added", _pop("part")), "part_added")
_broken("response-delta-without-output-index", each("output_text.delta", _pop("output_index")), "indices")
_broken("response-delta-without-content-index", each("output_text.delta", _pop("content_index")), "indices")
_broken("response-delta-without-item-id", each("output_text.delta", _pop("item_id")), "indices")
_broken("response-item-without-output-index", each("output_item.added", _pop("output_index")), "indices")
_broken(
    "response-output-index-from-1",
    each("", lambda event: event.update(output_index=1) if "output_index" in event else None),
    "indices",
)
_broken("response-events-unnumbered", each("", _pop("sequence_number")), "sequence_number")
_broken(
    "response-events-all-number-1", each("", lambda event: event.update(sequence_number=1)), "sequence_number"
)
_broken("response-without-deltas", dropping("output_text.delta"), "deltas")
_broken("response-delta-lost", in_typed_events(_last_delta_lost), "deltas", on=_on_text_events)
_broken("response-delta-repeated", in_typed_events(_last_delta_twice), "deltas", on=_on_text_events)
_broken(
    "response-delta-object",
    each("output_text.delta", lambda event: event.update(delta={"text": event["delta"]})),
    "deltas",
)
_broken(
    "response-done-with-another-text",
    each("output_text.done", lambda event: event.update(text="Bye.")),
    "deltas",
)
_broken("response-text-never-done", dropping("output_text.done"), "done_events")
_broken("response-part-never-done", dropping("content_part.done"), "done_events")
_broken("response-item-never-done", dropping("output_item.done"), "item_done")
_broken("response-never-ended", in_typed_events(lambda told: told[:-1]), "terminal_event")
_broken("response-ended-twice", in_typed_events(_end_twice), "terminal_event")
_broken("response-goes-on-after-the-end", in_typed_events(_more_after_the_end), "terminal_event")
_broken("response-failed", each("response.incomplete", _failed), "terminal_event")
_broken("response-end-unwrapped", each("response.incomplete", _unwrapped), "terminal_event")
_broken("response-cut-and-event-completed", in_typed_events(_completed_anyway), "terminal_status")
_broken("response-end-with-empty-output", _end_of(output=[]), "completed_output_full")
_broken("response-end-without-output", _end_of(output=None), "completed_output_full")
_broken("response-end-with-another-item-id", _in_last_output(id="msg_other"), "completed_output_full")
_broken(
    "response-end-with-another-call-id",
    _in_last_output(call_id="call_other"),
    "completed_output_full",
    on=on_call_events,
)
_broken("response-id-changes", each("response.in_progress", _later_id), "response_id_stable")
_broken(
    "response-item-id-changes",
    each("delta", lambda event: event.update(item_id="msg_other")),
    "item_id_stable",
)
_broken("response-done-item-id-changes", each("output_item.done", _item(id="msg_other")), "item_id_stable")
_broken(
    "response-call-id-changes",
    each("output_item.done", _item(call_id="call_other")),
    "item_id_stable",
    on=on_call_events,
)
mutant(
    "response-end-with-another-text",
    on=_on_text_events,
    edit=in_typed_events(_text_in_the_end),
    caught_by=[f"{_AREA}.completed_output_full", f"{_AREA}.deltas"],
)
mutant(
    "response-end-without-usage",
    on=on_events,
    edit=_end_of(usage=None),
    caught_by=["responses.usage"],
)
for _name, _edit in (
    ("response-whole-instead-of-events", with_body(b'{"object":"response","output":[]}')),
    ("response-events-without-blank-lines", in_pieces(_halved)),
    ("response-error-with-200", in_typed_events(_error_at_once)),
    ("response-ended-by-an-error", in_typed_events(_error_at_the_end)),
):
    mutant(
        _name,
        on=on_events,
        edit=_edit,
        caught_by=["responses.input_items", "responses.tools.flat_format"],
    )
