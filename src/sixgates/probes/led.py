"""Probes that lead a model to what nobody can force: histories that a small model continues in kind.

Three questions, each answered by one call and nothing else (or by two), bring a fourth call under `auto`; three
sums, each with a thought, bring a thought and an answer. The calls of such a history have no results, which some
servers refuse; then it shows nothing.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sixgates.catalogue import MODEL, RESPONSES_PATH, Probe
from sixgates.probes.chat import WITH_USAGE, streamed

ANSWERED = "tools.led.answered"
KNOWN, ASKED = ("Paris", "Oslo", "Lima"), "Rome"
SUMS = (
    ("2 + 3?", "5", "Two and three make five."),
    ("4 + 4?", "8", "Four and four make eight."),
    ("1 + 6?", "7", "One and six make seven."),
)
NEXT_SUM = "5 + 4?"


def _tool(name: str, description: str, **properties: Mapping[str, str]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": ["city"]}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


WEATHER = _tool(
    "get_weather",
    "Get the current weather of a city.",
    city={"type": "string", "description": "Name of the city"},
)
TIME = _tool("get_time", "Get the current time of a city.", city={"type": "string"}, utc={"type": "boolean"})


def _call(kind: str, number: int, city: str) -> dict[str, Any]:
    function = {"name": f"get_{kind}", "arguments": json.dumps({"city": city})}
    return {"id": f"call_{kind}_{number}", "type": "function", "function": function}


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _calling(*kinds: str) -> list[dict[str, Any]]:
    """Three questions with the calls that answer them, and a fourth question."""

    def turns() -> Iterator[dict[str, Any]]:
        for number, city in enumerate(KNOWN):
            yield asking(city)
            calls = [_call(kind, number, city) for kind in kinds]
            yield {"role": "assistant", "content": "", "tool_calls": calls}
        yield asking(ASKED)

    def asking(city: str) -> dict[str, str]:
        return _user(f"What is the {' and the '.join(kinds)} in {city}?")

    return list(turns())


def _thinking(field: str) -> list[dict[str, str]]:
    """Three sums with a thought and an answer each, and a fourth sum."""
    messages = []
    for question, answer, thought in SUMS:
        messages += [_user(question), {"role": "assistant", "content": answer, field: thought}]
    return [*messages, _user(NEXT_SUM)]


def _asking(messages: list[dict[str, Any]], limit: int, **more: Any) -> dict[str, Any]:
    return {
        "model": MODEL,
        "messages": messages,
        "max_tokens": limit,
        "temperature": 0,
        "seed": 7,
        **more,
    }


def _led(name: str, body: Mapping[str, Any]) -> Probe:
    return Probe(name, body=body, capability="tools", answered_by=ANSWERED)


def _sum(name: str, body: Mapping[str, Any]) -> Probe:
    return Probe(name, body=body, capability="reasoning", answered_by="reasoning.led.answered")


_one = _asking(_calling("weather"), 64, tools=[WEATHER])
_two = _asking(_calling("weather", "time"), 96, tools=[WEATHER, TIME])
_cut = {**_one, "max_tokens": 12}

tool_led = _led("tool-led", _one)
tool_led_stream = _led("tool-led-stream", streamed(_one, **WITH_USAGE))
tool_led_none = _led("tool-led-none", {**_one, "tool_choice": "none"})
tool_led_none_stream = _led("tool-led-none-stream", streamed({**_one, "tool_choice": "none"}, **WITH_USAGE))
tool_led_parallel = _led("tool-led-parallel", _two)
tool_led_parallel_stream = _led("tool-led-parallel-stream", streamed(_two, **WITH_USAGE))
tool_led_parallel_off = _led("tool-led-parallel-off", {**_two, "parallel_tool_calls": False})
tool_led_cut = _led("tool-led-cut", _cut)
tool_led_cut_stream = _led("tool-led-cut-stream", streamed(_cut, **WITH_USAGE))

_sums = _asking(_thinking("reasoning"), 48)
thought_led = _sum("thought-led", _sums)
thought_led_stream = _sum("thought-led-stream", streamed(_sums, **WITH_USAGE))
thought_led_renamed = _sum("thought-led-renamed", _asking(_thinking("reasoning_content"), 48))
"""The same thoughts under the other name that clients send them back by."""


def _flat_calling() -> list[dict[str, Any]]:
    """The history of calls as items of the Responses API."""
    items: list[dict[str, Any]] = []
    for number, city in enumerate(KNOWN):
        arguments = json.dumps({"city": city})
        call = {"call_id": f"call_{number}", "name": "get_weather", "arguments": arguments}
        items += [_user(f"What is the weather in {city}?"), {"type": "function_call", **call}]
    return [*items, _user(f"What is the weather in {ASKED}?")]


def _response(name: str, **more: Any) -> Probe:
    body = {
        "model": MODEL,
        "input": _flat_calling(),
        "tools": [{"type": "function", **WEATHER["function"], "strict": True}],
        "max_output_tokens": 64,
        "temperature": 0,
        **more,
    }
    return Probe(
        name, path=RESPONSES_PATH, body=body, capability="tools", answered_by="responses.led.answered"
    )


response_tool_led = _response("response-tool-led")
response_tool_led_stream = _response("response-tool-led-stream", stream=True)
response_tool_led_none = _response("response-tool-led-none", tool_choice="none")
