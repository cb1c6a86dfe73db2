"""Probes of structured output.

Every value of the schema is an enum or a boolean, so an answer that the schema binds ends after a few tokens
whatever the model's wit. The prompt asks for prose: a model that fits the schema was made to.
"""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import MODEL, Probe
from sixgates.probes.chat import streamed

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"unit": {"type": "string", "enum": ["celsius"]}, "rain": {"$ref": "#/$defs/Rain"}},
    "required": ["unit", "rain"],
    "additionalProperties": False,
    "$defs": {"Rain": {"type": "boolean"}},
}
_STRICT = {"type": "json_schema", "json_schema": {"name": "forecast", "schema": SCHEMA, "strict": True}}


def _in_prose(response_format: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Write a haiku about rain. Do not write JSON."}],
        "max_tokens": 64,
        "temperature": 0,
        "seed": 7,
        "response_format": response_format,
        **more,
    }


json_object = Probe(
    "json-object",
    body=_in_prose({"type": "json_object"}),
    capability="json_object",
    answered_by="structured.json_object.accepted",
)
schema = Probe(
    "schema",
    body=_in_prose(_STRICT),
    capability="json_schema",
    answered_by="structured.json_schema.accepted",
)
schema_stream = Probe(
    "schema-stream",
    body=streamed(_in_prose(_STRICT)),
    capability="json_schema",
    answered_by="structured.stream",
)
schema_cut = Probe(
    "schema-cut",
    body=_in_prose(_STRICT, max_tokens=3),
    capability="json_schema",
    answered_by="structured.json_schema.accepted",
)
schema_misplaced = Probe(
    "schema-misplaced",
    body=_in_prose({"type": "json_schema", "schema": SCHEMA}),
    capability="json_schema",
)
