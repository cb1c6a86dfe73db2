"""Defects of structured output: refused, ignored, kept to by halves, or cut without a word."""

from typing import Any

from sixgates.exchange import Request
from sixgates.reference.defects.chat_shape import MESSAGE, setting
from sixgates.reference.mutants import (
    asking,
    body_of,
    mutant,
    on_plain,
    on_stream,
    with_body,
    with_status,
)

CONTENT = (*MESSAGE, "content")
_REFUSAL = b'{"error":{"message":"response_format","type":"invalid_request_error","param":null,"code":null}}'


def _format(request: Request) -> Any:
    return body_of(request).get("response_format") or {}


def _on_schema(request: Request) -> bool:
    """Plain requests with a schema, which neither the limit cuts nor tools stand beside."""
    body = body_of(request)
    whole = body.get("max_tokens") != 3 and not body.get("tools")
    return on_plain(request) and "schema" in _format(request).get("json_schema", {}) and whole


def _on_stream_schema(request: Request) -> bool:
    return on_stream(request) and _format(request).get("type") == "json_schema"


def _on_cut_schema(request: Request) -> bool:
    return on_plain(request) and bool(_format(request)) and body_of(request).get("max_tokens") == 3


def _on_schema_and_tools(request: Request) -> bool:
    return on_plain(request) and bool(_format(request)) and bool(body_of(request).get("tools"))


def _on_malformed(request: Request) -> bool:
    return on_plain(request) and _format(request) == {"type": "json_schema"}


def _on_object(request: Request) -> bool:
    return on_plain(request) and _format(request).get("type") == "json_object"


def _on_text(request: Request) -> bool:
    return on_plain(request) and _format(request).get("type") == "text"


_ignored = asking(response_format=None)
mutant(
    "schema-refused",
    on=_on_schema,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["capability.json_schema", "structured.json_schema.accepted"],
)
mutant(
    "schema-ignored",
    on=_on_schema,
    rewrite=_ignored,
    caught_by=["capability.json_schema", "structured.json_schema.enforced"],
)
mutant(
    "schema-types-ignored",
    on=_on_schema,
    edit=setting(*CONTENT, to='{"mood": "glad", "sure": "yes"}'),
    caught_by=["structured.json_schema.enforced"],
)
mutant(
    "schema-fenced",
    on=_on_schema,
    edit=setting(*CONTENT, to='```json\n{"mood": "glad", "sure": true}\n```'),
    caught_by=["structured.json_schema.enforced"],
)
mutant(
    "schema-enum-ignored",
    on=_on_schema,
    edit=setting(*CONTENT, to='{"mood": "fine", "sure": true}'),
    caught_by=["structured.json_schema.enum"],
)
mutant(
    "schema-members-added",
    on=_on_schema,
    edit=setting(*CONTENT, to='{"mood": "glad", "sure": true, "why": "so"}'),
    caught_by=["structured.json_schema.additional_properties"],
)
mutant(
    "schema-ends-in-blanks",
    on=_on_schema,
    edit=setting(*CONTENT, to='{"mood": "glad", "sure": true}' + " " * 40),
    caught_by=["structured.no_whitespace_runaway"],
)
mutant(
    "schema-never-ends",
    on=_on_schema,
    edit=setting("choices", 0, "finish_reason", to="length"),
    caught_by=["structured.no_whitespace_runaway"],
)
mutant("schema-stream-ignored", on=_on_stream_schema, rewrite=_ignored, caught_by=["structured.stream"])
mutant(
    "schema-cut-unsaid",
    on=_on_cut_schema,
    edit=setting("choices", 0, "finish_reason", to="stop"),
    caught_by=["structured.length"],
)
mutant(
    "schema-tools-win",
    on=_on_schema_and_tools,
    rewrite=_ignored,
    caught_by=["structured.json_schema.ref_defs", "structured.with_tools"],
)
mutant(
    "schema-references-500",
    on=_on_schema_and_tools,
    edit=with_status(500),
    caught_by=["structured.json_schema.ref_defs"],
)
mutant(
    "schema-missing-ignored",
    on=_on_malformed,
    rewrite=_ignored,
    caught_by=["structured.json_schema.malformed"],
)
mutant(
    "schema-missing-500",
    on=_on_malformed,
    edit=with_status(500),
    caught_by=["structured.json_schema.malformed"],
)
mutant(
    "json-mode-refused",
    on=_on_object,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["capability.json_object", "structured.json_object.accepted"],
)
mutant(
    "json-mode-ignored",
    on=_on_object,
    rewrite=_ignored,
    caught_by=["capability.json_object", "structured.json_object.valid"],
)
mutant(
    "text-format-refused",
    on=_on_text,
    edit=with_body(_REFUSAL, status=400),
    caught_by=["structured.text.accepted"],
)
