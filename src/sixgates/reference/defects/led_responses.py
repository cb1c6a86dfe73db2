"""Defects of calls in the Responses API that nobody forced: a history led the model to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.response_events import in_typed_events
from sixgates.reference.defects.tools import CRASHED
from sixgates.reference.led import led_to
from sixgates.reference.mutants import Applies, Document, asking, body_of, in_json, mutant, on_path

_on_responses = on_path("/v1/responses")


def _on_led_response(request: Request) -> bool:
    given = body_of(request).get("input")
    return _on_responses(request) and isinstance(given, list) and bool(led_to(given))


def _streamed(applies: Applies, *, wanted: bool = True) -> Applies:
    return lambda request: applies(request) and bool(body_of(request).get("stream")) is wanted


def _no_call(told: list[Document]) -> list[Document]:
    told[-1]["response"]["output"] = []
    return [*told[:2], told[-1]]


def _no_output(document: Document) -> None:
    document["output"] = [item for item in document["output"] if item["type"] != "function_call"]


mutant(
    "led-response-crashes",
    on=_on_led_response,
    edit=CRASHED,
    caught_by=["responses.led.answered"],
)
mutant(
    "led-response-calls-though-none-is-to-be-called",
    on=_on_led_response,
    rewrite=asking(tool_choice=None),
    caught_by=["responses.tools.none_not_called"],
)
mutant(
    "led-response-stream-drops-the-call",
    on=_streamed(_on_led_response),
    edit=in_typed_events(_no_call),
    caught_by=["responses.tools.streamed_alike"],
)
mutant(
    "led-response-drops-the-call",
    on=_streamed(_on_led_response, wanted=False),
    edit=in_json(_no_output),
    caught_by=["responses.tools.streamed_alike"],
)


def _call_item(**fields: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for item in document["output"]:
            item.update(fields if item["type"] == "function_call" else {})

    return change


mutant(
    "led-response-call-arguments-object",
    on=_streamed(_on_led_response, wanted=False),
    edit=in_json(_call_item(arguments={"city": "Rome"})),
    caught_by=["responses.tools.call_item"],
)
mutant(
    "led-response-call-without-id",
    on=_streamed(_on_led_response, wanted=False),
    edit=in_json(_call_item(id=None)),
    caught_by=["responses.tools.call_item_fields"],
)
