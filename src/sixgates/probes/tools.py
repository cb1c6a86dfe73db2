"""Probes of tool calls. Every property is an enum, so a forced call ends whatever the model's wit.

Named calls ask for `strict`, without which vLLM lets the model write arguments of any shape and length. A
function without parameters must not: with `strict`, an empty object schema ends vLLM 0.32.0's engine.
"""

import json
from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import MODEL, Probe, Taken
from sixgates.exchange import Exchange, Finding
from sixgates.probes.chat import streamed
from sixgates.select import OBJECT, Unmet
from sixgates.views import Document


def function(name: str, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """A tool definition; without parameters the key is left out, as the specification allows."""
    declared = {"name": name, "description": f"Runs {name}."}
    return {
        "type": "function",
        "function": declared | ({} if parameters is None else {"parameters": parameters}),
    }


def _enums(**values: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "enum": allowed} for name, allowed in values.items()},
        "required": list(values),
        "additionalProperties": False,
    }


WEATHER = function(
    "get_weather", _enums(city=["Paris", "Rome"], unit=["celsius", "fahrenheit"], day=["today", "tomorrow"])
)
STRICT_WEATHER = {**WEATHER, "function": {**WEATHER["function"], "strict": True}}
PING = function("ping", {"type": "object", "properties": {}, "additionalProperties": False})
NAMED: Mapping[str, Any] = {"type": "function", "function": {"name": "get_weather"}}


def _asking(text: str, choice: Any, *tools: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 64,
        "temperature": 0,
        "seed": 7,
        "tools": list(tools or (WEATHER,)),
        **({} if choice is None else {"tool_choice": choice}),
        **more,
    }


def _tool(name: str, body: Mapping[str, Any], answered_by: str) -> Probe:
    return Probe(name, body=body, capability="tools", answered_by=answered_by)


_named = _asking("Say hello.", NAMED, STRICT_WEATHER)
_required = _asking(
    "What is the weather in Paris, and what is it in Rome? Say it by yourself, do not call any tool.",
    "required",
)
_none = _asking("Call get_weather for Paris in celsius for today. Use the tool.", "none", max_tokens=24)
_auto = _asking("What is the weather in Paris?", "auto", max_tokens=24)
_ping = _asking("Say hello.", {"type": "function", "function": {"name": "ping"}}, PING)

tool_named = _tool("tool-named", _named, "tools.named.accepted_object")
tool_named_stream = _tool("tool-named-stream", streamed(_named), "tools.stream.answered")
tool_required = _tool("tool-required", {**_required, "parallel_tool_calls": False}, "tools.required.accepted")
"""Asked for two, allowed one; the stream has no such limit, and so tells which of the two a server refuses."""
tool_required_stream = _tool("tool-required-stream", streamed(_required), "tools.stream.answered")
tool_none = _tool("tool-none", _none, "tools.none.accepted")
tool_none_stream = _tool("tool-none-stream", streamed(_none), "tools.stream.answered")
tool_auto = Probe("tool-auto", body=_auto, capability="tools")
tool_no_arguments = _tool("tool-no-arguments", _ping, "tools.named.accepted_object")
tool_cut = _tool("tool-cut", {**_named, "max_tokens": 5}, "tools.named.accepted_object")
tool_cut_stream = _tool("tool-cut-stream", streamed({**_named, "max_tokens": 5}), "tools.stream.answered")

tool_unknown = Probe(
    "tool-unknown",
    body=_asking("Say hello.", {"type": "function", "function": {"name": "no_such_tool"}}, max_tokens=4),
    capability="tools",
)
tools_empty = Probe("tools-empty", body={**_asking("Say hello.", None, max_tokens=4), "tools": []})


def _call(identity: str, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city, "unit": "celsius", "day": "today"})
    return {"id": identity, "type": "function", "function": {"name": "get_weather", "arguments": arguments}}


def _history(
    assistant: Mapping[str, Any], *results: tuple[str, Any], tools: list[Any] | None = None
) -> dict[str, Any]:
    return {
        "model": MODEL,
        "messages": [
            {"role": "user", "content": "What is the weather?"},
            {"role": "assistant", **assistant},
            *(
                {"role": "tool", "tool_call_id": identity, "content": content}
                for identity, content in results
            ),
        ],
        "max_tokens": 4,
        "temperature": 0,
        "tools": tools or [WEATHER],
    }


def _own_call_back(earlier: Exchange) -> Mapping[str, Any]:
    message = Document.of(earlier).message
    calls = message["tool_calls"].elements
    body = dict(earlier.request.asked)
    identity = calls[0]["id"].value
    if not isinstance(identity, str):
        raise Unmet(Finding("tool-named", "a call with an id to send back", repr(identity)))
    body["messages"] += [
        Taken(message.require(OBJECT)),
        {"role": "tool", "tool_call_id": Taken(identity), "content": "sunny"},
    ]
    return {**body, "tool_choice": "none", "max_tokens": 4}


_ONE = [_call("call_abc123def", "Paris")]
_TWO = [_call("call_abc123def", "Paris"), _call("call_ghi456jkl", "Rome")]
_RESULT = ("call_abc123def", "sunny")


def _round_trip(name: str, body: Mapping[str, Any]) -> Probe:
    return Probe(name, body=body, capability="tools")


round_trip = _round_trip("tool-round-trip", _history({"content": None, "tool_calls": _ONE}, _RESULT))
round_trip_own_id = Probe(
    "tool-round-trip-own-id",
    after=tool_named,
    derive=_own_call_back,
    capability="tools",
)
round_trip_keys_omitted = _round_trip(
    "tool-round-trip-keys-omitted",
    _history({"tool_calls": _ONE}, _RESULT, tools=[WEATHER, function("ping", None)]),
)
"""An assistant's message without `content`, and a tool without `parameters`."""
round_trip_two_results = _round_trip(
    "tool-round-trip-two-results",
    _history(
        {"content": "", "tool_calls": _TWO},
        ("call_ghi456jkl", [{"type": "text", "text": "rain"}]),
        _RESULT,
    ),
)
"""Empty content beside two calls, and their results in the other order, one of them in parts."""
round_trip_null_id = _round_trip(
    "tool-round-trip-null-id",
    _history({"content": None, "tool_calls": [{**_ONE[0], "id": None}]}, _RESULT),
)
