"""Defects that legacy completions have and chat has not."""

import json
from dataclasses import replace
from typing import Any

from sixgates.exchange import Chunk, Request, Response
from sixgates.reference.defects.completions import on_completions
from sixgates.reference.defects.twins_chat import each_event
from sixgates.reference.mutants import (
    Document,
    Edit,
    asking,
    body_of,
    in_events,
    in_json,
    in_pieces,
    mutant,
    with_header,
)


def _on_completed_stream(request: Request) -> bool:
    return on_completions(request) and bool(body_of(request).get("stream"))


def _on_completed_whole(request: Request) -> bool:
    return on_completions(request) and not body_of(request).get("stream")


def _on_stopped(request: Request) -> bool:
    return _on_completed_whole(request) and "stop" in body_of(request)


def _on_cut(request: Request) -> bool:
    return _on_completed_whole(request) and body_of(request).get("max_tokens") == 1


mutant(
    "completions-stream-called-json",
    on=_on_completed_stream,
    edit=with_header("content-type", "application/json"),
    caught_by=["completions.stream_framing"],
)
_ERROR = b'data: {"error": {"message": "out of memory", "type": "server_error"}}\n\n'
for _name, _pieces in {
    "done-twice": lambda pieces: [*pieces, b"data: [DONE]\n\n"],
    "error-event": lambda pieces: [*pieces[:2], _ERROR, *pieces[2:]],
    "empty-data": lambda pieces: [pieces[0], b"data:\n\n", *pieces[1:]],
    "last-event-unended": lambda pieces: [*pieces[:-1], pieces[-1][:-1]],
}.items():
    mutant(
        f"completions-stream-{_name}",
        on=_on_completed_stream,
        edit=in_pieces(_pieces),
        caught_by=["completions.stream_framing"],
    )


def _late_text(events: list[Document]) -> list[Document]:
    late = json.loads(json.dumps(events[0]))
    late["choices"][0]["text"] = " more"
    return [*events[:-1], late, events[-1]]


def _in_entries(**fields: Any) -> Edit:
    return in_events(
        lambda events: [entry.update(fields) for event in events[:2] for entry in event["choices"]] and None
    )


mutant(
    "completions-text-after-finish",
    on=_on_completed_stream,
    edit=in_events(_late_text),
    caught_by=["completions.nothing_after_finish"],
)
mutant(
    "completions-finish-empty",
    on=_on_completed_stream,
    edit=_in_entries(finish_reason=""),
    caught_by=["completions.stream_entries"],
)
mutant(
    "completions-index-one",
    on=_on_completed_stream,
    edit=each_event(lambda event: [entry.update(index=1) for entry in event["choices"]]),
    caught_by=["completions.stream_entries"],
)


def _headed(**members: Any) -> Edit:
    return in_json(lambda document: document.update(members))


def _ending_with(**members: Any) -> Edit:
    return in_events(lambda events: events[-1].update(members))


for _key, _value in {"id": "", "created": 1.5, "model": None}.items():
    mutant(
        f"completions-{_key}-wrong",
        on=_on_completed_whole,
        edit=_headed(**{_key: _value}),
        caught_by=["completions.head"],
    )
    mutant(
        f"completions-stream-{_key}-unstable",
        on=_on_completed_stream,
        edit=_ending_with(**{_key: "another"}),
        caught_by=["completions.head"],
    )


def _doubled(events: list[Document]) -> list[Document]:
    return [
        event for event in events for _ in range(2 if event["choices"] and event["choices"][0]["text"] else 1)
    ]


mutant(
    "completions-each-piece-twice",
    on=_on_completed_stream,
    edit=in_events(_doubled),
    caught_by=["completions.delta_is_increment"],
)


def _finished(document: Document) -> None:
    for choice in document["choices"]:
        choice["finish_reason"] = "stop"


mutant(
    "completions-cut-says-stop", on=_on_cut, edit=in_json(_finished), caught_by=["completions.finish_length"]
)
mutant(
    "completions-plain-stop-ignored",
    on=_on_stopped,
    rewrite=asking(stop=None),
    caught_by=["completions.stop"],
)


def _writing_on(response: Response) -> Response:
    """The stop word taken out, and the text written on."""
    document = json.loads(response.body)
    document["choices"][0]["text"] += " and so it went on for a while"
    return replace(
        response,
        chunks=(Chunk(json.dumps(document).encode(), 0.01),),
        headers=(("content-type", "application/json"),),
    )


mutant("completions-stop-taken-out", on=_on_stopped, edit=_writing_on, caught_by=["completions.stop"])
mutant(
    "completions-stopped-says-length",
    on=_on_stopped,
    edit=in_json(lambda document: document["choices"][0].update(finish_reason="length")),
    caught_by=["completions.stop"],
)


def _half_sent(request: Request) -> Request:
    """As if only the second half were the stop word: the first half of the real one is sent."""
    stop = body_of(request)["stop"]
    return asking(stop=(stop if isinstance(stop, str) else stop[-1])[2:])(request)


def _from_the_first_blank(events: list[Document]) -> list[Document]:
    """Another text than the plain answer has."""
    return [
        event
        for event in events
        if not event["choices"] or event["choices"][0]["text"] != events[0]["choices"][0]["text"]
    ]


for _name, _on in (("completions", _on_stopped), ("completions-stream", _on_completed_stream)):
    mutant(f"{_name}-half-a-stop-word", on=_on, rewrite=_half_sent, caught_by=["completions.stop_clean"])
mutant(
    "completions-stream-loses-its-first-piece",
    on=_on_completed_stream,
    edit=in_events(_from_the_first_blank),
    caught_by=["completions.equals_nonstream"],
)
