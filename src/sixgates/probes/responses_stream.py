"""Further probes of streamed responses: a forced call that the limit cuts, and an answer after a thought."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import MODEL, RESPONSES_PATH, Probe
from sixgates.exchange import Exchange
from sixgates.probes.responses import MOST_TOKENS, response_thought

FORM = {
    "type": "function",
    "name": "fill_form",
    "description": "Fills in a form.",
    "parameters": {
        "type": "object",
        "properties": {f"field_{number}": {"type": "string", "enum": ["yes"]} for number in range(1, 21)},
        "required": [f"field_{number}" for number in range(1, 21)],
        "additionalProperties": False,
    },
    "strict": True,
}
"""A function whose arguments take more tokens than the API lets a request allow at least."""


def _thought(sum_: str, thought: str, result: str) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": sum_},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": thought}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": result}]},
    ]


def _thinking(earlier: Exchange) -> Mapping[str, Any]:
    """Three sums, each with a thought as agents replay it, and a fourth; without a thought where one was refused."""
    replayed = [
        *_thought("2 + 3?", "Two and three make five.", "5"),
        *_thought("4 + 4?", "Four and four make eight.", "8"),
        *_thought("1 + 6?", "One and six make seven.", "7"),
        {"role": "user", "content": "5 + 4?"},
    ]
    asked: dict[str, Any] = {
        "model": MODEL,
        "input": replayed,
        "max_output_tokens": 48,
        "temperature": 0,
        "reasoning": {"effort": "high", "summary": "auto"},
        "stream": True,
    }
    if earlier.response is not None and earlier.response.status == 200:
        return asked
    del asked["reasoning"]  # whoever refuses a thought may have a model that does not think
    return {**asked, "input": [item for item in replayed if item.get("type") != "reasoning"]}


response_tool_cut_stream = Probe(
    "response-tool-cut-stream",
    path=RESPONSES_PATH,
    body={
        "model": MODEL,
        "input": "Fill in the form.",
        "max_output_tokens": MOST_TOKENS,
        "temperature": 0,
        "tools": [FORM],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "store": False,
        "stream": True,
    },
    capability="tools",
    answered_by="responses.tools.flat_format",
)
response_thought_stream = Probe(
    "response-thought-stream",
    path=RESPONSES_PATH,
    after=response_thought,
    derive=_thinking,
    answered_by="responses.thoughts_replayed",
)
