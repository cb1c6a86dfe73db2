"""Probes of structured output. Every schema ends in a few tokens, and the prompt asks for prose."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import Probe
from sixgates.probes.chat import BASE, streamed
from sixgates.probes.tools import WEATHER

MOODS = ("glad", "sad")
_ASKED = [{"role": "user", "content": "Tell me a story in plain prose. Do not write JSON."}]
_PROPERTIES: Mapping[str, Any] = {
    "mood": {"type": "string", "enum": list(MOODS)},
    "sure": {"type": "boolean"},
}


def _schema(properties: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }
    return {"type": "json_schema", "json_schema": {"name": "feeling", "strict": True, "schema": schema}}


_BY_REFERENCE = _schema(
    {**_PROPERTIES, "mood": {"$ref": "#/$defs/mood"}}, **{"$defs": {"mood": _PROPERTIES["mood"]}}
)
_asking: Mapping[str, Any] = {**BASE, "messages": _ASKED, "max_tokens": 48}
_with_schema = {**_asking, "response_format": _schema(_PROPERTIES)}
_ANSWERED = "structured.json_schema.accepted"

json_schema = Probe("json-schema", body=_with_schema, capability="json_schema", answered_by=_ANSWERED)
json_schema_stream = Probe(
    "json-schema-stream",
    body=streamed(_with_schema),
    capability="json_schema",
    answered_by="chat.stream.answered",
)
json_schema_cut = Probe(
    "json-schema-cut", body={**_with_schema, "max_tokens": 3}, capability="json_schema", answered_by=_ANSWERED
)
json_schema_with_tools = Probe(
    "json-schema-with-tools",
    body={**_asking, "response_format": _BY_REFERENCE, "tools": [WEATHER], "tool_choice": "none"},
    capability="json_schema",
)
json_schema_malformed = Probe(
    "json-schema-malformed",
    body={**BASE, "max_tokens": 4, "response_format": {"type": "json_schema"}},
    capability="json_schema",
)
json_object = Probe(
    "json-object", body={**_asking, "response_format": {"type": "json_object"}}, capability="json_object"
)
