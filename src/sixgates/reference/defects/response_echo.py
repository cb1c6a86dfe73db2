"""Defects of what a response repeats of its request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sixgates.reference.defects.response_items import broken, in_the_end, on_schema
from sixgates.reference.defects.response_lifecycle import on_thought_events
from sixgates.reference.defects.responses import on_call_events, on_follow_up, on_whole

_OTHERWISE: Mapping[str, Any] = {
    "instructions": "Be brief.",
    "max_output_tokens": 4096,
    "metadata": {"trace": "1"},
    "previous_response_id": "resp_other",
    "text": {"format": {"type": "json_object"}},
    "temperature": 1,
    "tools": [{"type": "function", "name": "get_weather"}],
    "truncation": "auto",
}
for _name, _value in _OTHERWISE.items():
    broken(
        f"response-echo-of-another-{_name.replace('_', '-')}",
        on_whole,
        in_the_end(lambda answer, name=_name, value=_value: answer.update({name: value})),  # type: ignore[misc]
        "echo",
    )
for _name, _value in (("tool_choice", "auto"), ("parallel_tool_calls", True), ("store", True), ("tools", [])):
    broken(
        f"response-stream-echo-of-another-{_name.replace('_', '-')}",
        on_call_events,
        in_the_end(lambda answer, name=_name, value=_value: answer.update({name: value})),  # type: ignore[misc]
        "echo",
    )
broken(
    "response-echo-no-tool-choice",
    on_whole,
    in_the_end(lambda answer: answer.update(tool_choice="none")),
    "echo",
)
broken("response-echo-no-format", on_schema, in_the_end(lambda answer: answer.update(text=None)), "echo")
broken(
    "response-echo-of-another-effort",
    on_thought_events,
    in_the_end(lambda answer: answer.update(reasoning={"effort": "low", "summary": None})),
    "echo",
)
broken(
    "response-echo-of-nothing-before",
    on_follow_up,
    in_the_end(lambda answer: answer.update(previous_response_id=None)),
    "echo_previous",
)
