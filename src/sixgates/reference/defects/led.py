"""Defects of calls that nobody forced: a history led the model to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.chat_stream import entries, in_deltas
from sixgates.reference.defects.tools import CRASHED, in_calls, in_message
from sixgates.reference.defects.tools_stream import in_pieces_of_calls
from sixgates.reference.led import led_to
from sixgates.reference.mutants import (
    Applies,
    Document,
    asking,
    body_of,
    in_events,
    in_json,
    in_pieces,
    mutant,
    on_chat,
    on_plain,
    on_stream,
)


def on_led(request: Request, *, calls: int | None = None) -> bool:
    """Chats whose history leads to a call, or to so many."""
    messages = body_of(request).get("messages")
    names = led_to(messages) if on_chat(request) and isinstance(messages, list) and messages else ()
    return bool(names) and calls in (None, len(names))


def on_led_plain(request: Request) -> bool:
    """The same, not streamed."""
    return on_led(request) and on_plain(request)


def on_led_stream(request: Request) -> bool:
    """The same, streamed."""
    return on_led(request) and on_stream(request)


def _on_two(applies: Applies) -> Applies:
    return lambda request: applies(request) and on_led(request, calls=2)


def _cut(applies: Applies) -> Applies:
    return lambda request: applies(request) and body_of(request).get("max_tokens") == 12


def _markup(call: Document) -> str:
    function = call["function"]
    written = {"name": function["name"], "arguments": json.loads(function["arguments"] or "{}")}
    return f"<tool_call>\n{json.dumps(written)}\n</tool_call>"


def _as_text(document: Document) -> None:
    choice = document["choices"][0]
    calls = choice["message"].pop("tool_calls", None)
    if calls and choice["finish_reason"] != "length":
        choice["message"]["content"] = "\n".join(map(_markup, calls))
        choice["finish_reason"] = "stop"


def _pieces_as_text(events: list[Document]) -> None:
    for entry in entries(events):
        for call in entry["delta"].pop("tool_calls", []):
            function = call["function"]
            opening = f'<tool_call>{{"name": "{function["name"]}", ' if "name" in function else ""
            entry["delta"]["content"] = opening + function["arguments"]


def _without_calls(events: list[Document]) -> None:
    for entry in entries(events):
        entry["delta"].pop("tool_calls", None)


def _without_the_second(events: list[Document]) -> None:
    for entry in entries(events):
        calls = entry["delta"].get("tool_calls", [])
        entry["delta"].update({"tool_calls": [call for call in calls if call["index"] == 0]} if calls else {})


def _first_only(message: Document) -> None:
    message["tool_calls"] = message["tool_calls"][:1]


def _characters(call: Document) -> None:
    arguments = json.loads(call["function"]["arguments"] or "{}")
    call["function"]["arguments"] = json.dumps({name: list(value) for name, value in arguments.items()})


def _finish(reason: str) -> Callable[[Any], None]:
    def change(answer: Any) -> None:
        for entry in answer["choices"] if isinstance(answer, dict) else entries(answer):
            entry["finish_reason"] = entry["finish_reason"] and reason

    return change


def _said_nothing(document: Document) -> None:
    document["choices"][0]["message"].update(content="")
    document["choices"][0]["message"].pop("tool_calls", None)


def _other_city(number: int, call: Document) -> None:
    call["function"]["arguments"] = call["function"]["arguments"].replace("Rome", "Lima")


mutant("led-crashes", on=on_led_plain, edit=CRASHED, caught_by=["tools.led.answered"])
mutant(
    "led-stream-crashes",
    on=on_led_stream,
    edit=CRASHED,
    caught_by=["tools.led.answered"],
)
mutant(
    "led-call-is-text",
    on=on_led_plain,
    edit=in_json(_as_text),
    caught_by=["tools.led.call_as_text", "tools.led.streamed_alike"],
)
mutant(
    "led-stream-of-a-call-is-text",
    on=on_led_stream,
    edit=in_events(_pieces_as_text),
    caught_by=["tools.led.call_as_text", "tools.led.streamed_alike"],
)
mutant(
    "led-stream-drops-the-call",
    on=on_led_stream,
    edit=in_events(_without_calls),
    caught_by=["tools.led.streamed_alike"],
)
mutant(
    "led-stream-drops-the-second-call",
    on=_on_two(on_led_stream),
    edit=in_events(_without_the_second),
    caught_by=["tools.led.streamed_alike"],
)
mutant(
    "led-answer-drops-the-second-call",
    on=_on_two(on_led_plain),
    edit=in_message(_first_only),
    caught_by=["tools.led.streamed_alike"],
)
mutant(
    "led-stream-calls-share-an-index",
    on=_on_two(on_led_stream),
    edit=in_pieces_of_calls(lambda _, call: call.update(index=0)),
    caught_by=["tools.stream.index_distinct"],
)
mutant(
    "led-call-arguments-in-characters",
    on=on_led_plain,
    edit=in_calls(_characters),
    caught_by=["tools.led.arguments_types"],
)
mutant(
    "led-stream-other-arguments",
    on=on_led_stream,
    edit=in_pieces_of_calls(_other_city),
    caught_by=["tools.led.same_streamed"],
)
mutant(
    "led-text-beside-a-call-is-not-streamed",
    on=on_led_plain,
    edit=in_message(lambda message: message.update(content="Let me look.")),
    caught_by=["tools.led.same_streamed"],
)
mutant(
    "led-text-before-calls-is-not-streamed",
    on=_on_two(on_led_stream),
    edit=in_deltas(lambda _, delta: delta.pop("content", None)),
    caught_by=["tools.led.same_streamed"],
)
mutant(
    "led-text-before-calls-is-dropped",
    on=_on_two(on_led_plain),
    edit=in_message(lambda message: message.update(content=None)),
    caught_by=["tools.led.same_streamed"],
)
mutant(
    "led-stream-arguments-of-the-second-call",
    on=_on_two(on_led_stream),
    edit=in_pieces_of_calls(lambda number, call: _other_city(number, call) if call["index"] else None),
    caught_by=["tools.led.same_streamed"],
)
mutant(
    "led-call-ids-repeat",
    on=on_led_plain,
    edit=in_calls(lambda call: call.update(id=f"call_{call['function']['name']}")),
    caught_by=["tools.led.id_unique_across"],
)
mutant(
    "led-calls-share-an-id",
    on=_on_two(on_led_plain),
    edit=in_calls(lambda call: call.update(id="call_0")),
    caught_by=["tools.id.unique_in_response"],
)
for _reason in ("stop", "tool_calls"):
    mutant(
        f"led-cut-call-ends-with-{_reason.replace('_', '-')}",
        on=_cut(on_led_plain),
        edit=in_json(_finish(_reason)),
        caught_by=["tools.led.cut"],
    )
    mutant(
        f"led-cut-stream-ends-with-{_reason.replace('_', '-')}",
        on=_cut(on_led_stream),
        edit=in_events(_finish(_reason)),
        caught_by=["tools.led.cut"],
    )
mutant(
    "led-cut-stream-without-done",
    on=_cut(on_led_stream),
    edit=in_pieces(lambda pieces: pieces[:-1]),
    caught_by=["tools.led.cut"],
)
mutant(
    "led-cut-call-is-lost",
    on=_cut(on_led_plain),
    edit=in_json(_said_nothing),
    caught_by=["tools.led.cut_shown"],
)
mutant(
    "led-cut-stream-is-lost",
    on=_cut(on_led_stream),
    edit=in_events(_without_calls),
    caught_by=["tools.led.cut_shown"],
)
mutant(
    "led-call-ends-with-stop",
    on=on_led_plain,
    edit=in_json(_finish("stop")),
    caught_by=["tools.finish.required"],
)
for _name, _applies in {"led": on_led_plain, "led-stream": on_led_stream}.items():
    mutant(
        f"{_name}-calls-though-none-is-to-be-called",
        on=_applies,
        rewrite=asking(tool_choice=None),
        caught_by=["tools.none.not_called"],
    )
mutant(
    "led-calls-twice-though-one-is-allowed",
    on=on_led_plain,
    rewrite=asking(parallel_tool_calls=None),
    caught_by=["tools.parallel.disabled"],
)
