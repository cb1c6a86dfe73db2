"""Defects of the items of a response: of messages, thoughts and calls, where they are done and in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.response_lifecycle import on_thought_events
from sixgates.reference.defects.responses import on_call_events, on_responses, on_whole
from sixgates.reference.mutants import Applies, Document, Edit, body_of, in_json, mutant

Change = Callable[[Document], Any]


def in_the_end(change: Change) -> Edit:
    """A change of the response, whole or in the last event."""

    def in_whole(document: Document) -> None:
        change(document)

    streamed, whole = in_typed_events(lambda told: in_whole(told[-1]["response"])), in_json(in_whole)
    return lambda response: (streamed if response.media_type == "text/event-stream" else whole)(response)


def in_items(kind: str, change: Change) -> Edit:
    """A change of every item of a type, in every event that holds it and in the response."""

    def in_response(document: Document) -> None:
        for item in document.get("output", []):
            if item["type"] == kind:
                change(item)

    def in_events(told: list[Document]) -> None:
        for event in told:
            in_response(event.get("response", {}))
            if event["type"] == "response.output_item.done":
                in_response({"output": [event["item"]]})

    streamed, whole = in_typed_events(in_events), in_json(in_response)
    return lambda response: (streamed if response.media_type == "text/event-stream" else whole)(response)


def _without(name: str) -> Change:
    return lambda item: item.pop(name, None)


def _in_added(**fields: Any) -> Edit:
    def edit(told: list[Document]) -> None:
        for event in told:
            if event["type"] == "response.output_item.added":
                event["item"].update(fields)

    return in_typed_events(edit)


def broken(name: str, on: Applies, edit: Edit, *topics: str) -> None:
    """A defect of responses that checks of these topics notice."""
    mutant(name, on=on, edit=edit, caught_by=[f"responses.{topic}" for topic in topics])


def on_schema(request: Request) -> bool:
    """The response that is to have a text.format."""
    return on_responses(request) and "text" in body_of(request)


def texts(change: Callable[[str], str]) -> Edit:
    """A change of the text of every message."""
    return in_items(
        "message", lambda item: item["content"][0].update(text=change(item["content"][0]["text"]))
    )


for _name in ("id", "summary"):
    broken(
        f"response-thought-without-{_name}",
        on_thought_events,
        in_items("reasoning", _without(_name)),
        "output_items",
    )
broken("response-message-without-content", on_whole, in_items("message", _without("content")), "output_items")
broken("response-item-without-type", on_whole, in_items("message", _without("type")), "output_items")
for _name in ("call_id", "name", "arguments"):
    _word = _name.replace("_", "-")
    broken(
        f"response-call-without-{_word}-when-done",
        on_call_events,
        in_items("function_call", _without(_name)),
        "output_items",
        "tools.call_named",
    )
for _name in ("call_id", "name"):
    broken(
        f"response-call-without-{_name.replace('_', '-')}-when-added",
        on_call_events,
        _in_added(**{_name: ""}),
        "tools.call_named",
    )
broken(
    "response-call-named-otherwise-when-added",
    on_call_events,
    _in_added(name="get"),
    "tools.call_named",
)
broken(
    "response-call-arguments-parsed",
    on_call_events,
    in_items("function_call", lambda call: call.update(arguments={"city": "Paris"})),
    "output_items",
    "tools.call_named",
)
broken(
    "response-call-without-status",
    on_call_events,
    in_items("function_call", _without("status")),
    "tools.call_named",
    "tools.call_item_fields",
)
broken(
    "response-call-of-the-id-of-its-result",
    on_call_events,
    in_items("function_call", lambda call: call.update(id=call["call_id"])),
    "tools.call_item_fields",
)
broken(
    "response-call-twice",
    on_call_events,
    in_the_end(lambda answer: answer["output"].append(dict(answer["output"][0]))),
    "item_ids_unique",
)
broken(
    "response-message-in-progress-for-ever",
    on_whole,
    in_items("message", lambda item: item.update(status="in_progress")),
    "items_ended",
)
broken(
    "response-thought-of-output-text",
    on_thought_events,
    in_items("reasoning", lambda item: item["content"][0].update(type="output_text")),
    "thought_parts",
)
broken(
    "response-thought-encrypted-as-it-is",
    on_thought_events,
    in_items("reasoning", lambda item: item.update(encrypted_content=item["summary"][0]["text"])),
    "encrypted_content",
)
broken(
    "response-text-with-its-thought",
    on_whole,
    texts(lambda text: f"<think>Hm.</think>{text}"),
    "thought_separated",
)
