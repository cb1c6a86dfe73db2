"""Defects of thoughts that a stream has and the plain answer has not, or the other way round."""

import json
from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.twins_chat import each_delta
from sixgates.reference.mutants import (
    Document,
    Edit,
    in_events,
    in_json,
    in_pieces,
    mutant,
    on_plain,
    on_stream,
)

THOUGHTS = ("reasoning", "reasoning_content")


def _all_as_thought(delta: Document) -> None:
    text = delta.pop("content", None)
    if text:
        delta.update(dict.fromkeys(THOUGHTS, text))


def _message_as_thought(document: Document) -> None:
    message = document["choices"][0]["message"]
    if message["content"]:
        told = f"{message.get('reasoning', '')}{message['content']}"
        message.update(dict.fromkeys(THOUGHTS, told), content="")


mutant(
    "stream-says-all-as-a-thought",
    on=on_stream,
    edit=each_delta(_all_as_thought),
    caught_by=["reasoning.not_instead_of_content"],
)
mutant(
    "message-says-all-as-a-thought",
    on=on_plain,
    edit=in_json(_message_as_thought),
    caught_by=["reasoning.not_instead_of_content"],
)


def _without_thought(delta: Document) -> None:
    for name in THOUGHTS:
        delta.pop(name, None)


def _of_thoughts(change: Callable[[list[Document]], Any]) -> Edit:
    """Change the list of the deltas that hold a thought."""

    def edit(events: list[Document]) -> None:
        deltas = [choice["delta"] for event in events for choice in event["choices"]]
        change([delta for delta in deltas if "reasoning" in delta])

    return in_events(edit)


def _last_only(deltas: list[Document]) -> None:
    for delta in deltas[:-1]:
        _without_thought(delta)


def _every_other(deltas: list[Document]) -> None:
    for delta in deltas[1::2]:
        _without_thought(delta)


def _growing(deltas: list[Document]) -> None:
    so_far = ""
    for delta in deltas:
        so_far += delta["reasoning"]
        delta.update(dict.fromkeys(THOUGHTS, so_far))


for _name, _lose in {
    "all-but-the-last": _last_only,
    "every-other": _every_other,
    "growing": _growing,
}.items():
    mutant(
        f"stream-thought-{_name}",
        on=on_stream,
        edit=_of_thoughts(_lose),
        caught_by=["reasoning.stream_equals"],
    )


def _thought_after_all(events: list[Document]) -> list[Document]:
    late = json.loads(json.dumps(events[-1] if events[-1]["choices"] else events[-2]))
    late["choices"][0].update(delta=dict.fromkeys(THOUGHTS, "Hm."), finish_reason=None)
    at = len(events) if events[-1]["choices"] else -1
    return [*events[:at], late, *events[at:]] if at < 0 else [*events, late]


def _marked(fields: Document) -> None:
    for name in THOUGHTS:
        if fields.get(name):
            fields[name] = f"<think>{fields[name]}"


mutant(
    "stream-thought-after-finish",
    on=on_stream,
    edit=in_events(_thought_after_all),
    caught_by=["reasoning.nothing_after_finish"],
)
mutant("stream-thought-marked", on=on_stream, edit=each_delta(_marked), caught_by=["reasoning.no_markup"])
mutant(
    "message-thought-marked",
    on=on_plain,
    edit=in_json(lambda document: _marked(document["choices"][0]["message"])),
    caught_by=["reasoning.no_markup"],
)


def _on_named_stream(request: Request) -> bool:
    return on_stream(request) and b"get_weather" in (request.body or b"")


mutant(
    "stream-call-breaks-its-schema",
    on=_on_named_stream,
    edit=in_pieces(lambda pieces: [piece.replace(b"Paris", b"Oslo") for piece in pieces]),
    caught_by=["tools.call.arguments_schema"],
)
