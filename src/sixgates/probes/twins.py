"""Probes of what a plain or a streamed twin lacks: a stop word without a stream, and forced text beyond the BMP.

Where a schema or a tool leaves only one text, and that text is of characters that are several tokens each, whatever
breaks at the edges of pieces shows, however clever the model is.
"""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import COMPLETIONS_PATH, MODEL, RESPONSES_PATH, Probe
from sixgates.exchange import Exchange
from sixgates.probes import tools
from sixgates.probes.chat import streamed
from sixgates.probes.completions import completions, stop_word_of

RARE = "🫠🥹龜"
"""Characters that are several tokens in most vocabularies, two of them beyond the Basic Multilingual Plane."""


def _stopped(earlier: Exchange) -> Mapping[str, Any]:
    return {**earlier.request.asked, "stop": stop_word_of(earlier)}


completions_stopped = Probe(
    "completions-stopped",
    path=COMPLETIONS_PATH,
    after=completions,
    derive=_stopped,
    alone=True,
    answered_by="completions.answered",
)
_SYMBOL = {
    "type": "object",
    "properties": {"symbol": {"type": "string", "enum": [RARE]}},
    "required": ["symbol"],
    "additionalProperties": False,
}
_draw = tools.function("draw", _SYMBOL)
tool_unicode_stream = Probe(
    "tool-unicode-stream",
    body=streamed(
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": 64,
            "temperature": 0,
            "seed": 7,
            "tools": [{**_draw, "function": {**_draw["function"], "strict": True}}],
            "tool_choice": {"type": "function", "function": {"name": "draw"}},
        }
    ),
    capability="tools",
    answered_by="tools.stream.answered",
)
response_unicode_stream = Probe(
    "response-unicode-stream",
    path=RESPONSES_PATH,
    body=streamed(
        {
            "model": MODEL,
            "input": "Write a haiku about rain. Do not write JSON.",
            "max_output_tokens": 40,
            "temperature": 0,
            "text": {"format": {"type": "json_schema", "name": "drawing", "schema": _SYMBOL, "strict": True}},
        }
    ),
    capability="json_schema",
    answered_by="responses.text_format_stream",
)
