"""Probes of the Responses API. Prompts are long enough to show in the token counts whether they were read."""

import json
from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import MODEL, RESPONSES_PATH, Probe, Taken
from sixgates.exchange import Exchange
from sixgates.probes.chat import streamed
from sixgates.probes.structured import SCHEMA
from sixgates.probes.tools import STRICT_WEATHER
from sixgates.select import NON_EMPTY_STRING
from sixgates.views import Document

MOST_TOKENS = 16
"""The least that the API allows, and less than any story."""

LONG = "The sea is calm and the sky is blue. " * 7
LONGER = LONG * 2
ASKED = "Say hi and tell me one short story."
CALL_ID = "call_abc123def"
TOOL = {"type": "function", **STRICT_WEATHER["function"]}


def _asking(given: Any, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": given, "max_output_tokens": MOST_TOKENS, "temperature": 0, **more}


def _message(role: str, text: str, kind: str = "input_text") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def _written(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    own = {"type": "message", "id": "msg_abc123def", "role": "assistant", "status": "completed"}
    return {**own, "content": [part]}


def _probe(name: str, body: Mapping[str, Any], capability: str | None = None, **more: Any) -> Probe:
    return Probe(name, path=RESPONSES_PATH, body=body, capability=capability, **more)


def _following(earlier: Exchange) -> Mapping[str, Any]:
    identity = Document.of(earlier)["id"].require(NON_EMPTY_STRING)
    asked = earlier.request.asked
    kept = {key: value for key, value in asked.items() if key != "instructions"}
    return {**kept, "input": "Go on.", "previous_response_id": Taken(identity)}


response = _probe(
    "response",
    _asking(LONG + ASKED, instructions=LONG),
    alone=True,
    answered_by="responses.answered",
)
response_stream = _probe(
    "response-stream",
    streamed(
        _asking(
            [_message("developer", LONG), _message("user", LONG), _written(LONG), _message("user", ASKED)]
        )
    ),
    alone=True,
    answered_by="responses.input_items",
)
response_tool_stream = _probe(
    "response-tool-stream",
    {
        **streamed(_asking("Say hello. Do not call any tool.")),
        "max_output_tokens": 64,
        "tools": [TOOL],
        "tool_choice": "required",
    },
    "tools",
    answered_by="responses.tools.flat_format",
)


def _with_result(output: Any) -> dict[str, Any]:
    """A conversation in which a call has its result."""
    return _asking(
        [
            {"role": "user", "content": "What is the weather?"},
            {
                "type": "function_call",
                "id": "fc_abc123def",
                "call_id": CALL_ID,
                "name": "get_weather",
                "arguments": json.dumps({"city": "Paris", "unit": "celsius", "day": "today"}),
                "status": "completed",
            },
            {"type": "function_call_output", "call_id": CALL_ID, "output": output},
        ],
        tools=[TOOL],
    )


response_tool_result = _probe("response-tool-result", _with_result(LONGER), "tools")
response_tool_result_parts = _probe(
    "response-tool-result-parts", _with_result([{"type": "input_text", "text": LONGER}]), "tools"
)
response_thought = _probe(
    "response-thought",
    _asking(
        [
            {"role": "user", "content": "Say hi."},
            {"type": "reasoning", "id": "rs_abc123def", "summary": [], "encrypted_content": None},
            _written("Hi!"),
            {"role": "user", "content": ASKED},
        ]
    ),
)
response_schema = _probe(
    "response-schema",
    _asking(
        "Write a haiku about rain. Do not write JSON.",
        max_output_tokens=64,
        text={"format": {"type": "json_schema", "name": "forecast", "schema": SCHEMA, "strict": True}},
    ),
    "json_schema",
)
response_follow_up = Probe(
    "response-follow-up",
    path=RESPONSES_PATH,
    after=response,
    derive=_following,
)
response_mistyped = _probe("response-mistyped", _asking(7))
