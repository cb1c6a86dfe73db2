"""Defects of calls in a streamed response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sixgates.reference.defects.response_events import dropping, each, in_typed_events
from sixgates.reference.defects.responses import on_call_events
from sixgates.reference.mutants import Document, Edit, asking, mutant, with_body

_REFUSAL = (
    b'{"error":{"message":"tools[0].function is missing","type":"invalid_request_error","param":"tools"}}'
)


def _in_the_end(change: Callable[[Document], Any]) -> Edit:
    def edit(told: list[Document]) -> None:
        change(told[-1]["response"]["output"][0])

    return in_typed_events(edit)


def _everywhere(**fields: Any) -> Edit:
    def edit(told: list[Document]) -> None:
        for event in told:
            if "item" in event:
                event["item"].update(fields)
        told[-1]["response"]["output"][0].update(fields)

    return in_typed_events(edit)


def _parsed(call: Document) -> None:
    call["arguments"] = {"city": "Paris"}


def _prefilled(event: Document) -> None:
    event["item"]["arguments"] = '{"city": "Paris"}'


def _wrong(name: str, edit: Edit, topic: str) -> None:
    mutant(name, on=on_call_events, edit=edit, caught_by=[f"responses.tools.{topic}"])


_wrong("flat-tool-refused", with_body(_REFUSAL, status=400), "flat_format")
mutant(
    "response-tool-choice-unread",
    on=on_call_events,
    rewrite=asking(tool_choice=None),
    caught_by=["responses.tools.required_called"],
)
mutant(
    "response-tools-unread",
    on=on_call_events,
    rewrite=asking(tools=None),
    caught_by=["responses.tools.required_called"],
)
_wrong("response-call-without-call-id", _everywhere(call_id=""), "call_item")
_wrong("response-call-of-another-name", _everywhere(name="functions.get_weather"), "call_item")
_wrong("response-call-arguments-object", _in_the_end(_parsed), "call_item")
_wrong(
    "response-call-arguments-cut",
    _in_the_end(lambda call: call.update(arguments=call["arguments"][:-1])),
    "call_item",
)
_wrong("response-call-status-null", _everywhere(status=None), "call_item_fields")
_wrong("response-call-id-null", _in_the_end(lambda call: call.update(id=None)), "call_item_fields")
_wrong("response-call-without-deltas", dropping("arguments.delta"), "args_events")
_wrong("response-call-added-with-arguments", each("output_item.added", _prefilled), "args_events")
_wrong(
    "response-call-done-with-other-arguments",
    each("arguments.done", lambda event: event.update(arguments="{}")),
    "args_events",
)
_wrong(
    "response-call-item-done-with-other-arguments",
    each("output_item.done", lambda event: event["item"].update(arguments="{}")),
    "args_events",
)
_wrong(
    "response-call-ends-with-other-arguments",
    _in_the_end(lambda call: call.update(arguments="{}")),
    "args_events",
)
_wrong("response-call-never-done", dropping("arguments.done"), "args_done")
